import { Migrator } from 'kysely/migration'
import { migrations } from './migrations.ts'
import type { Store } from './schema.ts'

/**
 * Brings the schema up to date. Any number may try at once: one does it, the others wait and find it done.
 *
 * @returns the names of the migrations this call has run
 */
export async function migrateToLatest(store: Store): Promise<string[]> {
  const { error, results = [] } = await migrator(store).migrateToLatest()
  if (error) throw error
  return results.map(({ migrationName }) => migrationName)
}

/** Migrations this version needs and the database has not seen. Those of a later version are no reason to worry. */
export async function missingMigrations(store: Store): Promise<string[]> {
  const all = await migrator(store).getMigrations()
  return all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
}

function migrator(db: Store): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } })
}
