import type { Kysely } from 'kysely'

/**
 * Rows by table. Each file in `tables` declares its own table here, so that removing the file removes the table.
 * Times are ISO 8601 in UTC; docs/storage.md describes every column.
 */
// biome-ignore lint/suspicious/noEmptyInterface: extended by declaration merging
export interface Schema {}

/** The first argument of all store functions: the database, or a transaction. */
export type Store = Kysely<Schema>
