import type { Migration } from 'kysely/migration'

export default {
  up: (db) =>
    db.schema
      .createTable('key_sets')
      .addColumn('issuer', 'text', (column) => column.primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('fetched_at', 'text', (column) => column.notNull())
      .execute(),
} satisfies Migration
