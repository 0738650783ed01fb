import { residentBytes } from '../../test/helpers/process-figures.ts'
import { median } from '../page.ts'

const INTERVAL_MS = 1_000
const MIB = 1_048_576
/** Minute with which the end of a run is compared: by then the heap is warm. */
const REFERENCE_MINUTE = 5
const WINDOW_SECONDS = 60
export const MAX_GROWTH = 1.1

/** Resident size of a process in MiB, where the system has proc(5); undefined when the process has ended. */
export function residentMib(pid: number): number | undefined {
  try {
    return residentBytes(pid) / MIB
  } catch {
    return undefined
  }
}

/** Resident size of one process, once a second. */
export interface Series {
  readonly name: string
  readonly mib: number[]
}

export interface Verdict {
  readonly name: string
  readonly referenceMib: number
  readonly endMib: number
  readonly isMet: boolean
}

/** Records the resident size of processes while they run. */
export class MemoryRecorder {
  readonly series: readonly Series[]
  readonly #timer: NodeJS.Timeout

  constructor(processes: readonly { readonly name: string; readonly pid: number }[]) {
    this.series = processes.map(({ name }) => ({ name, mib: [] }))
    this.#timer = setInterval(() => {
      for (const [index, { pid }] of processes.entries())
        this.series[index]?.mib.push(residentMib(pid) ?? Number.NaN)
    }, INTERVAL_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** Compares the last minute with the fifth. A run that is too short is compared with its middle. */
export function judge({ name, mib }: Series): Verdict {
  const middle = Math.min(REFERENCE_MINUTE * 60, mib.length / 2)
  const referenceMib = median(
    mib.slice(Math.max(0, middle - WINDOW_SECONDS / 2), middle + WINDOW_SECONDS / 2),
  )
  const endMib = median(mib.slice(-WINDOW_SECONDS))
  return { name, referenceMib, endMib, isMet: endMib <= MAX_GROWTH * referenceMib }
}
