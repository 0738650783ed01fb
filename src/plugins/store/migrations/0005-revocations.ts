import type { Migration } from 'kysely/migration'
import { createTableWithId } from '../create-table.ts'

export default {
  up: async (db) => {
    await createTableWithId(db, 'revocations')
      .addColumn('issuer', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('value_hash', 'text', (column) => column.notNull())
      .addColumn('before', 'text')
      .addColumn('until', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('created_at', 'text', (column) => column.notNull())
      .execute()
    for (const column of ['value_hash', 'until'])
      await db.schema.createIndex(`revocations_${column}`).on('revocations').column(column).execute()
    await db.schema.createIndex('revocations_issuer').on('revocations').columns(['issuer', 'id']).execute()
  },
} satisfies Migration
