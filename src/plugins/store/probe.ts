import { SqliteAdapter, sql } from 'kysely'
import { missingMigrations } from './migrate.ts'
import type { Store } from './schema.ts'

/** Reason for which the store is unavailable. The cause is for the log. */
export interface StoreFault {
  readonly reason: 'unreachable' | 'migrations are missing'
  readonly cause: unknown
}

/**
 * Creates a function that checks whether the store can read and write. The migrations are checked until they are
 * complete. PostgreSQL refuses writes itself when its disk is full; with SQLite only a write shows it.
 */
export function makeProbe(store: Store): () => Promise<StoreFault | undefined> {
  let isMigrated = false
  const isSqlite = store.getExecutor().adapter instanceof SqliteAdapter
  return async () => {
    try {
      if (!isMigrated) {
        const missing = await missingMigrations(store)
        if (missing.length > 0) return { reason: 'migrations are missing', cause: missing }
        isMigrated = true
      }
      // An update with the same value would not be written
      if (isSqlite) await sql`pragma user_version = 1`.execute(store)
      else await sql`select name from kysely_migration limit 1`.execute(store)
      return undefined
    } catch (cause) {
      return { reason: 'unreachable', cause }
    }
  }
}
