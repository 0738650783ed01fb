import type { Notes, Todo } from './kinds.ts'

/** Result of the requests of one phase. */
export interface PhaseResult {
  /** Number of valid requests; both latencies are of these. */
  requests: number
  p99Ms: number
  slowestMs: number
  /** Number of unexpected responses, by kind and by status or error. */
  failures: Record<string, Record<string, number>>
  acknowledged: Todo[]
  /** Time from the withdrawal of a key to the last acceptance of one of its tokens. */
  withdrawnAcceptedMs: number
}

export class Phase implements Notes {
  underWay = 0
  withdrawnAt = 0
  readonly acknowledged: Todo[] = []
  readonly #latencies: number[] = []
  readonly #failures: PhaseResult['failures'] = {}
  #withdrawnAcceptedMs = 0

  record(kind: string, ms: number | undefined, failure: string | undefined): void {
    if (ms !== undefined) this.#latencies.push(ms)
    if (failure === undefined) return
    this.#failures[kind] ??= {}
    this.#failures[kind][failure] = (this.#failures[kind][failure] ?? 0) + 1
  }

  acknowledge(todo: Todo): void {
    this.acknowledged.push(todo)
  }

  acceptWithdrawn(): void {
    this.#withdrawnAcceptedMs = performance.now() - this.withdrawnAt
  }

  result(): PhaseResult {
    const sorted = this.#latencies.toSorted((a, b) => a - b)
    return {
      requests: sorted.length,
      p99Ms: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0,
      slowestMs: sorted.at(-1) ?? 0,
      failures: this.#failures,
      acknowledged: this.acknowledged,
      withdrawnAcceptedMs: this.#withdrawnAcceptedMs,
    }
  }
}

/** Combines the results of phases with the same fault. The latencies are those of the worst phase. */
export function combine(results: readonly PhaseResult[]): PhaseResult {
  const failures: PhaseResult['failures'] = {}
  for (const [kind, statuses] of results.flatMap((result) => Object.entries(result.failures)))
    for (const [status, count] of Object.entries(statuses)) {
      failures[kind] ??= {}
      failures[kind][status] = (failures[kind][status] ?? 0) + count
    }
  return {
    requests: results.reduce((sum, { requests }) => sum + requests, 0),
    p99Ms: Math.max(...results.map(({ p99Ms }) => p99Ms)),
    slowestMs: Math.max(...results.map(({ slowestMs }) => slowestMs)),
    failures,
    acknowledged: results.flatMap(({ acknowledged }) => acknowledged),
    withdrawnAcceptedMs: Math.max(...results.map(({ withdrawnAcceptedMs }) => withdrawnAcceptedMs)),
  }
}
