import type { Migration } from 'kysely/migration'
import { peopleAndTodos } from './migrations/0001-people-and-todos.ts'
import { sessions } from './migrations/0002-sessions.ts'

/** Every change of the schema, in the order of the names. One that has been released is never edited: add the next. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-people-and-todos': peopleAndTodos,
  '0002-sessions': sessions,
}
