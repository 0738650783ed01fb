import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { foldedColumn } from '../folded.ts'

/** Indexes for the list of users of an issuer, and for the search by the start of email address or name. */
export default {
  up: async (db) => {
    await db.schema.createIndex('users_issuer_id').on('users').columns(['issuer', 'id']).execute()
    for (const column of ['email', 'name']) {
      const index = sql.ref(`users_${column}_folded`)
      await sql`create index ${index} on users (issuer, (${foldedColumn(db, column)}), id)`.execute(db)
    }
  },
} satisfies Migration
