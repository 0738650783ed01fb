import type { Test } from 'tap'
import { openForMigration, openStore } from '../../src/plugins/store/database.ts'
import { migrateToLatest } from '../../src/plugins/store/migrate.ts'
import type { Store } from '../../src/plugins/store/schema.ts'
import { onPostgres } from './postgres.ts'

/** Runs the test with the URL of a new and empty database, once per kind of database. */
export function onEachDatabase(t: Test, title: string, run: (t: Test, url: string) => Promise<void>): void {
  t.test(`${title} (SQLite)`, (t) => run(t, `file:${t.testdir()}/test.db`))
  onPostgres(t, `${title} (PostgreSQL)`, run)
}

/** Like {@link onEachDatabase}, with the database opened and migrated. */
export function onEachStore(
  t: Test,
  title: string,
  run: (t: Test, store: Store, url: string) => Promise<void>,
): void {
  onEachDatabase(t, title, async (t, url) => {
    await prepare(url)
    const store = await openStore(url)
    t.teardown(() => store.destroy())
    await run(t, store, url)
  })
}

/** Migrates a database, like `npm run migrate`. */
export async function prepare(url: string): Promise<void> {
  const store = await openForMigration(url)
  await migrateToLatest(store)
  await store.destroy()
}
