import type { Migration } from 'kysely/migration'
import { createTableWithId } from '../create-table.ts'

export default {
  up: async (db) => {
    await createTableWithId(db, 'audit_log')
      .addColumn('issuer', 'text', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('user_id', 'bigint', (column) => column.notNull()) // no reference: it outlives the user
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('created_at', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('audit_log_issuer_id').on('audit_log').columns(['issuer', 'id']).execute()
    await db.schema.createIndex('audit_log_created_at').on('audit_log').column('created_at').execute()
  },
} satisfies Migration
