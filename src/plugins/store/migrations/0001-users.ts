import type { Migration } from 'kysely/migration'
import { createTableWithId } from '../create-table.ts'

export default {
  up: async (db) => {
    await createTableWithId(db, 'users')
      .addColumn('issuer', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('email', 'text')
      .addColumn('email_verified', 'integer')
      .addColumn('name', 'text')
      .addColumn('picture', 'text')
      .addColumn('profile_at', 'text')
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addColumn('last_seen_at', 'text')
      .addUniqueConstraint('users_issuer_subject', ['issuer', 'subject'])
      .execute()
  },
} satisfies Migration
