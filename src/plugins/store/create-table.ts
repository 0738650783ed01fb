import type { CreateTableBuilder, Kysely } from 'kysely'
import { isPostgres } from './dialect.ts'

type Table = CreateTableBuilder<string, string>

/** Creates a table whose `id` is assigned by the database and never reused, even after deletions. */
export function createTableWithId(db: Kysely<unknown>, name: string): Table {
  const table = db.schema.createTable(name)
  return isPostgres(db)
    ? table.addColumn('id', 'bigint', (column) => column.primaryKey().generatedByDefaultAsIdentity())
    : table.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
}

/**
 * Creates a table whose rows belong to a user and are deleted with the user. Its primary key on PostgreSQL is
 * `(user_id, id)`, so that it can be partitioned by user. SQLite assigns ids to single-column primary keys only, so
 * there the pair is an index.
 */
export async function createTableOfUser(
  db: Kysely<unknown>,
  name: string,
  addColumns: (table: Table) => Table,
) {
  const table: Table = isPostgres(db)
    ? db.schema
        .createTable(name)
        .addColumn('id', 'bigint', (column) => column.notNull().generatedByDefaultAsIdentity())
    : createTableWithId(db, name)
  const owned = table.addColumn('user_id', 'bigint', (column) =>
    column.notNull().references('users.id').onDelete('cascade'),
  )
  const complete = addColumns(owned)
  if (isPostgres(db)) {
    await complete.addPrimaryKeyConstraint(`${name}_user_id_id`, ['user_id', 'id']).execute()
  } else {
    await complete.execute()
    await db.schema.createIndex(`${name}_user_id_id`).on(name).columns(['user_id', 'id']).execute()
  }
}
