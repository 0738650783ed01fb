import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../test/helpers/free-port.ts'
import { AUDIENCE, startIssuer } from './issuer.ts'
import { load, requireWrk } from './load.ts'
import { type ServerProcess, startServer } from './server-process.ts'

/** `node bench/metrics.ts [ROUNDS]`: what metrics cost, as the ratio of rates taken in turn with and without them. */
const ROUNDS = Number(process.argv[2] ?? 15)
const SECONDS = 1
const CONNECTIONS = 32
const KNOWN = 100

await requireWrk()
const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'))
const { issuer, makeTokens, close } = await startIssuer()
const servers: ServerProcess[] = []
try {
  await main()
} finally {
  for (const server of servers) await server.stop()
  close()
  await rm(folder, { recursive: true })
}

async function main() {
  const tokens = join(folder, 'tokens')
  await writeFile(tokens, `${(await makeTokens('RS256', KNOWN)).join('\n')}\n`)
  const off = await start({})
  const on = await start({ METRICS_PORT: String(await freePort()) })
  for (const [name, path, file] of [
    ['public route', '/api/public', undefined],
    ['known tokens', '/api/private', tokens],
  ] as const) {
    const rate = async (server: ServerProcess) => {
      const target = { url: `${server.url}${path}`, pid: server.process.pid ?? 0 }
      const figures = await load({
        ...target,
        seconds: SECONDS,
        connections: CONNECTIONS,
        ...(file && { tokens: file }),
      })
      return figures.requestsPerCpuSecond
    }
    const ratios: number[] = []
    for (let round = -1; round < ROUNDS; round++) {
      // Who goes first changes with each round; round -1 warms up
      const [first, second] = round % 2 === 0 ? [on, off] : [off, on]
      const rates = new Map([[first, await rate(first)] as const, [second, await rate(second)] as const])
      if (round >= 0) ratios.push((rates.get(on) ?? Number.NaN) / (rates.get(off) ?? Number.NaN))
    }
    ratios.sort((a, b) => a - b)
    const [low, middle, high] = [0, Math.floor(ROUNDS / 2), ROUNDS - 1].map((i) => ratios[i]?.toFixed(3))
    process.stdout.write(`${name}: ${middle} of the rate without metrics (${low} - ${high})\n`)
  }
}

async function start(environment: Record<string, string>): Promise<ServerProcess> {
  const required = { AUTH0_DOMAIN: issuer, AUTH0_AUDIENCE: AUDIENCE, DATABASE_URL: 'file::memory:' }
  const script = join(import.meta.dirname, '../src/server.ts')
  const server = await startServer(script, { ...required, LOG_LEVEL: 'warn', ...environment }, '/livez')
  servers.push(server)
  return server
}
