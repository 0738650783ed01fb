import type { Migration } from 'kysely/migration'
import { createTableOfUser } from './create-table.ts'

export const todos: Migration = {
  up: (db) =>
    createTableOfUser(db, 'todos', (table) =>
      table
        .addColumn('title', 'text', (column) => column.notNull())
        .addColumn('date', 'text', (column) => column.notNull()),
    ),
}
