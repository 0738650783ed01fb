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
  'a failed migration is rolled back with all others of its run, and can be repeated',
  async (t, url) => {
    const store = await openForMigration(url)
    t.teardown(() => store.destroy())
    // Rejects the record of the last migration
    await sql`create table kysely_migration (name varchar(255) primary key, timestamp varchar(255) not null, check (name <> ${sql.lit(names.at(-1))}))`.execute(
      store,
    )
    await t.rejects(migrateToLatest(store), /check/i)
    t.strictSame(await missingMigrations(store), names)
    t.strictSame(await store.introspection.getTables(), [])
    await sql`drop table kysely_migration`.execute(store)
    t.strictSame(await migrateToLatest(store), names)
  },
)

onEachDatabase(t, 'migrations of a later version are not missing', async (t, url) => {
  const store = await openForMigration(url)
  t.teardown(() => store.destroy())
  await migrateToLatest(store)
  await sql`insert into kysely_migration values ('9999-later', '2999-01-01T00:00:00.000Z')`.execute(store)
  t.strictSame(await missingMigrations(store), [])
})

t.test('names of migrations begin with ascending numbers', async (t) => {
  const numbers = names.map((name) => /^(\d{4})-[a-z-]+$/.exec(name)?.[1])
  t.strictSame([...new Set(numbers)].sort(), numbers)
  t.notOk(numbers.includes(undefined))
})
