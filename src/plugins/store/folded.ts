import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isPostgres } from './dialect.ts'

/** Number of characters of a text that can be searched. An index row of PostgreSQL has at most 2,704 bytes. */
export const FOLDED_LENGTH = 100

/**
 * Start of a text column, in lower case for ASCII letters only and in the order of its UTF-8 bytes: the only order and case
 * conversion that both databases have.
 */
// biome-ignore lint/suspicious/noExplicitAny: a database with any schema
export function foldedColumn(db: Kysely<any>, column: string): RawBuilder<string> {
  const start = sql`substr(${sql.ref(column)}, 1, ${sql.lit(FOLDED_LENGTH)})`
  return isPostgres(db) ? sql`lower(${start} collate "C")` : sql`lower(${start})`
}

/** Converts a value like {@link foldedColumn}. */
export function folded(text: string): string {
  return [...text]
    .slice(0, FOLDED_LENGTH)
    .join('')
    .replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
