import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Migration, Migrator } from 'kysely/migration'
import type { Store } from './schema.ts'

/**
 * All changes of the schema, in the order of their names: every file in `migrations` is one. Never edit a released migration: add
 * another.
 */
export const migrations: Readonly<Record<string, Migration>> = await readMigrations()

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

async function readMigrations(): Promise<Record<string, Migration>> {
  const folder = join(import.meta.dirname, 'migrations')
  const files = readdirSync(folder).sort()
  const entries = files.map(async (file) => [
    file.replace(/\.ts$/, ''),
    (await import(join(folder, file))).default as Migration,
  ])
  return Object.fromEntries(await Promise.all(entries))
}
