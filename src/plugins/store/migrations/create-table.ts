import { type Kysely, PostgresAdapter } from 'kysely'

/** A table whose `id` the database counts up and never gives twice, also after deletions: in each database's words. */
export function createTableWithId(db: Kysely<unknown>, name: string) {
  const table = db.schema.createTable(name)
  return db.getExecutor().adapter instanceof PostgresAdapter
    ? table.addColumn('id', 'bigint', (column) => column.primaryKey().generatedByDefaultAsIdentity())
    : table.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
}
