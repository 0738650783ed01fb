import type { ReplicaOptions } from '../replica.ts'
import type { Kind } from './callers.ts'
import type { SingleProcess } from './process.ts'

/** A fault of a single process with SQLite. */
export interface SingleFault {
  readonly name: string
  readonly promise: string
  /** Outcomes during the fault, by kind. All other kinds succeed. */
  readonly expected: { readonly [Name in Kind]?: readonly string[] }
  readonly options?: ReplicaOptions
  begin(single: SingleProcess): Promise<void> | void
  /** Time until the fault is noticed; outcomes before that do not count. */
  readonly settleMs?: number
  readonly holdMs: number
  end(single: SingleProcess): Promise<void> | void
  /** Further goal. Throws when it is missed. @returns a note for the table */
  check?(single: SingleProcess): Promise<string>
}
