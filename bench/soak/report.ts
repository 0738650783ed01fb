import { readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import type { PhaseResult } from './phase.ts'

export interface Row extends PhaseResult {
  name: string
  goal: string
  isMet: boolean
  note: string
  /** Acknowledged to-dos that are not in the database at the end. */
  lost: number
}

/** One line for each fault. */
export function faultTable(rows: readonly Row[]): string {
  return table(
    ['what happens', 'valid requests', 'failed', 'slowest', 'p99', 'writes lost, of', 'goal', 'met'],
    rows.map((row) => [
      row.name,
      String(row.requests),
      [describeFailures(row.failures), row.note].filter(Boolean).join('; '),
      milliseconds(row.slowestMs),
      milliseconds(row.p99Ms),
      `${row.lost} of ${row.acknowledged.length}`,
      row.goal,
      row.isMet && row.lost === 0 ? 'yes' : '**no**',
    ]),
  )
}

export function describeFailures(failures: PhaseResult['failures']): string {
  const kinds = Object.entries(failures).map(([kind, statuses]) => {
    const counts = Object.entries(statuses).map(([status, count]) => `${count} x ${status}`)
    return `${kind}: ${counts.join(', ')}`
  })
  return kinds.join('; ') || '0'
}

function milliseconds(value: number): string {
  return value < 100 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`
}

export function table(header: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

export function describeMachine(): string {
  const [{ model } = { model: 'unknown' }] = cpus()
  const date = new Date().toISOString().slice(0, 10)
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${date}, Node ${process.versions.node}, ${cpus().length} cores (${model.trim()}), ${memory} GiB`
}

/** Replaces what stands between the marks of that name in a page; everything else in it is somebody's own. */
export async function writeBetweenMarks(page: string, name: string, content: string): Promise<void> {
  const path = join(import.meta.dirname, '../../docs', page)
  const text = await readFile(path, 'utf8')
  const [begin, end] = [`<!-- written by npm run ${name} -->`, `<!-- end of npm run ${name} -->`]
  const [before, rest = ''] = text.split(begin)
  const [, after] = rest.split(end)
  if (after === undefined) throw new Error(`docs/${page} has no marks of npm run ${name}`)
  await writeFile(path, `${before}${begin}\n\n${content}\n\n${end}${after}`)
}
