import { describeGuards } from '../src/plugins/guards/index.ts'
import { readRouteTable } from './route-table.ts'

/** `npm run routes`: prints every route and who may call it. */
const rows = (await readRouteTable(process.env))
  .filter(({ method }) => method !== 'HEAD') // exists wherever GET does, with the same guards
  .map(({ method, path, guards }) => [method, path, describeGuards(guards)])
process.stdout.write(table([['METHOD', 'PATH', 'WHO MAY CALL IT'], ...rows]))

function table(rows: string[][]): string {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return `${lines.join('\n')}\n`
}
