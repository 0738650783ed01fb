import { type Kysely, PostgresAdapter } from 'kysely'

/** Tells whether the database is PostgreSQL, for the few statements that differ from SQLite. */
// biome-ignore lint/suspicious/noExplicitAny: a database with any schema
export function isPostgres(db: Kysely<any>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter
}
