import { statSync } from 'node:fs'
import { sql } from 'kysely'
import t from 'tap'
import { openForMigration, openStore } from '../../../src/plugins/store/database.ts'
import { migrateToLatest, migrations } from '../../../src/plugins/store/migrate.ts'
import { makeProbe } from '../../../src/plugins/store/probe.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { DatabaseProxy } from '../../helpers/database-proxy.ts'
import { onPostgres } from '../../helpers/postgres.ts'

onEachDatabase(t, 'a store without its tables is unavailable until they exist', async (t, url) => {
  const store = await openForMigration(url)
  t.teardown(() => store.destroy())
  const probe = makeProbe(store)
  t.strictSame(await probe(), { reason: 'migrations are missing', cause: Object.keys(migrations) })
  await migrateToLatest(store)
  t.equal(await probe(), undefined)
  t.equal(await probe(), undefined)
})

onPostgres(t, 'an unreachable store is unavailable until it is reachable', async (t, url) => {
  await prepare(url)
  const proxy = await DatabaseProxy.start(t, url)
  await proxy.cut()
  const store = await openStore(proxy.url(url))
  t.teardown(() => store.destroy())
  const probe = makeProbe(store)
  for (let round = 0; round < 2; round++) {
    t.match(await probe(), { reason: 'unreachable', cause: { code: 'store_unavailable' } })
    await proxy.open()
    t.equal(await probe(), undefined)
    await proxy.cut()
  }
})

t.test(
  'a SQLite database that can be read but not written is unavailable until it can be written',
  async (t) => {
    const folder = t.testdir()
    const store = await openStore(`file:${folder}/test.db`)
    t.teardown(() => store.destroy())
    const probe = makeProbe(store)
    t.equal(await probe(), undefined)
    const written = () => statSync(`${folder}/test.db-wal`).size
    const before = written()
    t.equal(await probe(), undefined)
    t.ok(written() > before, 'each probe writes')
    await sql`pragma query_only = 1`.execute(store) // fails like a full disk, with an error of SQLite
    t.match(await probe(), { reason: 'unreachable' })
    await sql`pragma query_only = 0`.execute(store)
    t.equal(await probe(), undefined)
  },
)
