import { sql } from 'kysely'
import t from 'tap'
import { openForMigration } from '../../../src/plugins/store/database.ts'
import { migrateToLatest, migrations, missingMigrations } from '../../../src/plugins/store/migrate.ts'
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
    await sql`create table todos (id integer)`.execute(store) // in the way of the second table
    await t.rejects(migrateToLatest(store), /todos/)
    t.strictSame(await missingMigrations(store), names)
    const tables = await store.introspection.getTables()
    t.strictSame(
      tables.map(({ name }) => name),
      ['todos'],
    )
    await sql`drop table todos`.execute(store)
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
