import { sql } from 'kysely'
import { missingMigrations } from './migrate.ts'
import type { Store } from './schema.ts'

/** Reason for which the store is unavailable. The cause is for the log. */
export interface StoreFault {
  readonly reason: 'unreachable' | 'migrations are missing'
  readonly cause: unknown
}

/** Creates a function that checks the store. After the migrations were found complete, a trivial query suffices. */
export function makeProbe(store: Store): () => Promise<StoreFault | undefined> {
  let isMigrated = false
  return async () => {
    try {
      if (isMigrated) await sql`select 1`.execute(store)
      else {
        const missing = await missingMigrations(store)
        if (missing.length > 0) return { reason: 'migrations are missing', cause: missing }
        isMigrated = true
      }
      return undefined
    } catch (cause) {
      return { reason: 'unreachable', cause }
    }
  }
}
