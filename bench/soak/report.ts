import { table } from '../page.ts'
import type { PhaseResult } from './phase.ts'

export interface Row extends PhaseResult {
  name: string
  goal: string
  isMet: boolean
  note: string
  /** Number of acknowledged to-dos that are missing in the database at the end. */
  lost: number
}

/** Formats one row for each fault. */
export function faultTable(rows: readonly Row[]): string {
  return table(
    ['fault', 'valid requests', 'failed', 'slowest', 'p99', 'lost writes', 'goal', 'met'],
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
