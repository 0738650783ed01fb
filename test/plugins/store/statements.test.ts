import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { openStore } from '../../../src/plugins/store/database.ts'
import type { Statement } from '../../../src/plugins/store/statements.ts'
import { deleteUser, listUsers, recordVisit } from '../../../src/plugins/store/tables/users.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { DatabaseProxy } from '../../helpers/database-proxy.ts'
import { onPostgres } from '../../helpers/postgres.ts'

const ada = { issuer: 'https://issuer.test/', subject: 'auth0|ada' }
const row = { ...ada, created_at: '2026-11-21T00:00:00.000Z' }

/** A migrated store, and what its statements since were told as. */
async function openWatched(t: Test, url: string) {
  const told: Statement[] = []
  const store = await openStore(url, (statement) => told.push(statement))
  t.teardown(() => store.destroy())
  told.length = 0
  const taken = () => told.splice(0).map(({ table, operation, failure }) => [operation, table, failure])
  return { store, told, taken }
}

onEachDatabase(t, 'each statement is told with its kind, its table and its time', async (t, url) => {
  await prepare(url)
  const { store, told, taken } = await openWatched(t, url)
  const start = performance.now()
  const { user } = await recordVisit(store, ada, 0)
  t.ok(told.every(({ seconds }) => seconds > 0 && seconds < (performance.now() - start) / 1000))
  t.strictSame(taken(), [
    ['update', 'users', undefined],
    ['insert', 'users', undefined],
  ])
  await listUsers(store, { cursor: 0, limit: 1 })
  await deleteUser(store, user.id)
  await store.selectFrom('users as u').select('u.id').execute()
  t.strictSame(taken(), [
    ['select', 'users', undefined],
    ['delete', 'users', undefined],
    ['select', 'users', undefined],
  ])
  await sql`select 1`.execute(store)
  await store.selectNoFrom(sql`1`.as('one')).execute()
  await store.transaction().execute(async (transaction) => listUsers(transaction, { cursor: 0, limit: 1 }))
  t.strictSame(taken(), [
    ['other', 'none', undefined],
    ['select', 'none', undefined],
    ['other', 'none', undefined],
    ['select', 'users', undefined],
    ['other', 'none', undefined],
  ])
})

onEachDatabase(t, 'a statement that the database rejects is told as such', async (t, url) => {
  await prepare(url)
  const { store, taken } = await openWatched(t, url)
  await store.insertInto('users').values(row).execute()
  taken()
  await t.rejects(store.insertInto('users').values(row).execute())
  t.strictSame(taken(), [['insert', 'users', 'rejected']])
})

onPostgres(t, 'a statement that is not answered is told as unavailable', async (t, url) => {
  await prepare(url)
  const proxy = await DatabaseProxy.start(t, url)
  const { store, taken } = await openWatched(t, proxy.url(url))
  await listUsers(store, { cursor: 0, limit: 1 })
  await proxy.cut()
  await t.rejects(listUsers(store, { cursor: 0, limit: 1 }), { code: 'store_unavailable' })
  t.strictSame(taken(), [
    ['select', 'users', undefined],
    ['select', 'users', 'unavailable'],
  ])
})
