import type { Migration } from 'kysely/migration'
import { createTableOfUser } from '../create-table.ts'

export default {
  up: (db) =>
    createTableOfUser(db, 'todos', (table) =>
      table
        .addColumn('title', 'text', (column) => column.notNull())
        .addColumn('date', 'text', (column) => column.notNull()),
    ),
} satisfies Migration
