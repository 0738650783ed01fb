import type { Migration } from 'kysely/migration'
import { createTableWithId } from './create-table.ts'

export const peopleAndTodos: Migration = {
  up: async (db) => {
    await createTableWithId(db, 'people')
      .addColumn('issuer', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('email', 'text')
      .addColumn('email_verified', 'integer')
      .addColumn('name', 'text')
      .addColumn('picture', 'text')
      .addColumn('profile_at', 'text')
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addColumn('last_seen_at', 'text')
      .addUniqueConstraint('people_issuer_subject', ['issuer', 'subject'])
      .execute()
    await createTableWithId(db, 'todos')
      .addColumn('person_id', 'bigint', (column) =>
        column.notNull().references('people.id').onDelete('cascade'),
      )
      .addColumn('title', 'text', (column) => column.notNull())
      .addColumn('date', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('todos_person_id_id').on('todos').columns(['person_id', 'id']).execute()
  },
}
