import Fastify from 'fastify'
import { app } from '../src/app.ts'
import { loadConfig } from '../src/config/index.ts'
import { describeGuards } from '../src/plugins/guards/guard.ts'
import { serverOptions } from '../src/server-options.ts'

/** `npm run routes`: prints every route and who may call it. Sends no request and does not listen. */
const config = loadConfig({
  AUTH0_DOMAIN: 'issuer.invalid',
  AUTH0_AUDIENCE: 'none',
  ...process.env,
  DATABASE_URL: 'file::memory:',
  LOG_LEVEL: 'silent',
})
const instance = Fastify(serverOptions(config))
await instance.register(app, { config })
await instance.ready()

const rows = instance.routeTable
  .filter(({ method }) => method !== 'HEAD') // exists wherever GET does, with the same guards
  .map(({ method, path, guards }) => [method, path, describeGuards(guards)])
process.stdout.write(table([['METHOD', 'PATH', 'WHO MAY CALL IT'], ...rows]))
await instance.close()

function table(rows: string[][]): string {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return `${lines.join('\n')}\n`
}
