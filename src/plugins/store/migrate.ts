import { type Migration, Migrator } from 'kysely/migration'
import { users } from './migrations/0001-users.ts'
import { todos } from './migrations/0002-todos.ts'
import { sessions } from './migrations/0003-sessions.ts'
import type { Store } from './schema.ts'

/** All changes of the schema, in the order of their names. Never edit a released migration: add another. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-users': users,
  '0002-todos': todos,
  '0003-sessions': sessions,
}

/**
 * Brings the schema up to date. Concurrent calls are safe: one migrates, the others wait for it.
 *
 * @returns the names of the migrations that this call ran
 */
export async function migrateToLatest(store: Store): Promise<string[]> {
  const { error, results = [] } = await migrator(store).migrateToLatest()
  if (error) throw error
  return results.map(({ migrationName }) => migrationName)
}

/** Lists the migrations that the database lacks. It may have more, of a later version. */
export async function missingMigrations(store: Store): Promise<string[]> {
  const all = await migrator(store).getMigrations()
  return all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
}

function migrator(db: Store): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } })
}
