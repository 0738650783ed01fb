import type { Migration } from 'kysely/migration'
import { users } from './migrations/0001-users.ts'
import { todos } from './migrations/0002-todos.ts'
import { sessions } from './migrations/0003-sessions.ts'

/** Every change of the schema, in the order of the names. A released migration is never edited: add the next. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-users': users,
  '0002-todos': todos,
  '0003-sessions': sessions,
}
