import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import t from 'tap'
import { openForMigration } from '../../../src/plugins/store/database.ts'
import { migrateToLatest, missingMigrations } from '../../../src/plugins/store/migrate.ts'
import { migrations } from '../../../src/plugins/store/migrations.ts'
import { onEachDatabase } from '../../helpers/database.ts'

const names = Object.keys(migrations)

onEachDatabase(t, 'migrations run once, in the order of their names', async (t, url) => {
  const store = await openForMigration(url)
  t.teardown(() => store.destroy())
  t.strictSame(await missingMigrations(store), names)
  t.strictSame(await migrateToLatest(store), names)
  t.strictSame(await missingMigrations(store), [])
  t.strictSame(await migrateToLatest(store), [])
})

onEachDatabase(
  t,
  'one that fails leaves nothing behind, and the next attempt can succeed',
  async (t, url) => {
    const store = await openForMigration(url)
    t.teardown(() => store.destroy())
    const provided = migrations as Record<string, Migration>
    provided['9999-broken'] = { up: async (db) => void (await sql`broken`.execute(db)) }
    await t.rejects(migrateToLatest(store), /broken/)
    delete provided['9999-broken']
    t.strictSame(await missingMigrations(store), names)
    t.strictSame(await store.introspection.getTables(), [])
    t.strictSame(await migrateToLatest(store), names)
  },
)

onEachDatabase(t, 'what a later version has run is not missed by this one', async (t, url) => {
  const store = await openForMigration(url)
  t.teardown(() => store.destroy())
  await migrateToLatest(store)
  await sql`insert into kysely_migration values ('9999-later', '2999-01-01T00:00:00.000Z')`.execute(store)
  t.strictSame(await missingMigrations(store), [])
})

t.test('migrations are named so that the order of names is that of time', async (t) => {
  t.strictSame([...names].sort(), names)
  for (const [index, name] of names.entries()) {
    t.match(name, new RegExp(`^${String(index + 1).padStart(4, '0')}-[a-z-]+$`))
  }
})
