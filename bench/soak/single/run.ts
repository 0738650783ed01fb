import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { TestIssuer } from '../../../test/helpers/issuer.ts'
import { WebIssuer } from '../../../test/helpers/web-issuer.ts'
import { table } from '../../page.ts'
import type { Children } from '../children.ts'
import { describeFailures } from '../report.ts'
import { goodStatus, type Kind, kindNames, type Outcomes } from './callers.ts'
import type { SingleFault } from './fault.ts'
import { SingleProcess } from './process.ts'

const WARM_UP_MS = 1_500
const HEALED_WITHIN_MS = 20_000
const STEP_MS = 1_000

export interface SingleRow {
  readonly name: string
  readonly promise: string
  readonly seen: string
  readonly slowestProbeMs: number
  readonly healedMs: number | undefined
  readonly lost: number
  readonly note: string
  readonly isMet: boolean
}

/** Runs each fault with a new process. */
export async function runSingleFaults(
  children: Children,
  folder: string,
  faults: readonly SingleFault[],
  signal: AbortSignal,
): Promise<SingleRow[]> {
  const issuer = new TestIssuer()
  await issuer.listen()
  await issuer.addKey('key-1')
  const rows: SingleRow[] = []
  try {
    for (const [index, fault] of faults.entries()) {
      const web = new WebIssuer(issuer)
      const single = await SingleProcess.start(
        children,
        join(folder, `single-${index}`),
        web,
        fault.options ?? {},
      )
      try {
        const row = await run(single, fault, signal)
        process.stdout.write(`${row.name}: ${row.isMet ? 'met' : 'not met'} ${row.note}\n`)
        rows.push(row)
      } finally {
        await single.stop()
      }
    }
  } finally {
    await issuer.stop()
  }
  return rows
}

async function run(single: SingleProcess, fault: SingleFault, signal: AbortSignal): Promise<SingleRow> {
  const { callers } = single
  await delay(WARM_UP_MS, undefined, { signal })
  await fault.begin(single)
  await delay(fault.settleMs ?? 0, undefined, { signal })
  callers.take()
  await delay(fault.holdMs, undefined, { signal })
  const { outcomes, slowestProbeMs } = callers.take()
  let note = ''
  let isMet = areExpected(outcomes, fault.expected)
  try {
    await fault.end(single)
    note = (await fault.check?.(single)) ?? ''
  } catch (error) {
    isMet = false
    note = (error as Error).message
  }
  const healedMs = await healingTime(single, signal)
  const lost = single.lost()
  const seen = describeFailures(unusual(outcomes))
  const { name, promise } = fault
  isMet &&= healedMs !== undefined && lost === 0
  return { name, promise, seen, slowestProbeMs, healedMs, lost, note, isMet }
}

/** During a fault each kind has the expected outcomes only. Without any, its good status. */
function areExpected(outcomes: Outcomes, expected: SingleFault['expected']): boolean {
  return kindNames.every((kind) => {
    const seen = Object.keys(outcomes[kind] ?? {})
    const allowed = expected[kind] ?? [goodStatus(kind)]
    return seen.length > 0 && seen.every((outcome) => allowed.includes(outcome))
  })
}

/** Returns the time until all kinds of requests succeed for a second, on new connections too. */
async function healingTime(
  { callers, replica }: SingleProcess,
  signal: AbortSignal,
): Promise<number | undefined> {
  const began = performance.now()
  while (performance.now() - began < HEALED_WITHIN_MS) {
    const at = performance.now() - began
    callers.take()
    await delay(STEP_MS, undefined, { signal })
    const isReachable = await fetch(`${replica.url}/livez`, { headers: { connection: 'close' } }).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReachable && areExpected(callers.take().outcomes, {})) return at
  }
  return undefined
}

function unusual(outcomes: Outcomes): Outcomes {
  const entries = Object.entries(outcomes).map(([kind, counts]) => {
    const others = Object.entries(counts).filter(([outcome]) => outcome !== goodStatus(kind as Kind))
    return [kind, Object.fromEntries(others)] as const
  })
  return Object.fromEntries(entries.filter(([, counts]) => Object.keys(counts).length > 0))
}

/** Formats one row for each fault. */
export function singleTable(rows: readonly SingleRow[]): string {
  return table(
    ['fault', 'promise', 'other statuses', 'slowest `/livez`', 'healed after', 'lost writes', 'met'],
    rows.map(({ name, promise, seen, note, slowestProbeMs, healedMs, lost, isMet }) => [
      name,
      promise,
      [seen === '0' ? 'none' : seen, note].filter(Boolean).join('; '),
      `${Math.round(slowestProbeMs)} ms`,
      healedMs === undefined ? '**never**' : `${(healedMs / 1000).toFixed(1)} s`,
      String(lost),
      isMet ? 'yes' : '**no**',
    ]),
  )
}
