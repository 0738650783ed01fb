import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { openStore } from '../../../src/plugins/store/database.ts'
import type { Statement } from '../../../src/plugins/store/statements.ts'
import { deleteUser, findUser, recordVisit, registerUser } from '../../../src/plugins/store/tables/users.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { DatabaseProxy } from '../../helpers/database-proxy.ts'
import { onPostgres } from '../../helpers/postgres.ts'

const ada = { issuer: 'https://issuer.test/', subject: 'auth0|ada' }
const profile = { email: null, emailVerified: null, name: null, picture: null }

/** Opens the store and collects its statements. */
async function openObserved(t: Test, url: string) {
  const statements: Statement[] = []
  const store = await openStore(url, { onStatement: (statement) => statements.push(statement) })
  t.teardown(() => store.destroy())
  statements.length = 0
  const take = () => statements.splice(0).map(({ table, operation, failure }) => [operation, table, failure])
  return { store, statements, take }
}

onEachDatabase(t, 'the listener gets operation, table and duration of every statement', async (t, url) => {
  await prepare(url)
  const { store, statements, take } = await openObserved(t, url)
  const start = performance.now()
  const { user } = await recordVisit(store, ada, 0)
  t.ok(statements.every(({ seconds }) => seconds > 0 && seconds < (performance.now() - start) / 1000))
  t.strictSame(take(), [
    ['update', 'users', undefined],
    ['select', 'users', undefined],
    ['insert', 'users', undefined],
  ])
  await deleteUser(store, ada.issuer, user.id)
  await store.selectFrom('users as u').select('u.id').execute()
  t.strictSame(take(), [
    ['delete', 'users', undefined],
    ['select', 'users', undefined],
  ])
  await sql`select 1`.execute(store)
  await store.selectNoFrom(sql`1`.as('one')).execute()
  await store.transaction().execute(async (transaction) => findUser(transaction, ada.issuer, 1))
  t.strictSame(take(), [
    ['other', 'none', undefined],
    ['select', 'none', undefined],
    ['other', 'none', undefined],
    ['select', 'users', undefined],
    ['other', 'none', undefined],
  ])
})

onEachDatabase(t, 'a statement rejected by the database is reported as rejected', async (t, url) => {
  await prepare(url)
  const { store, take } = await openObserved(t, url)
  const withoutSubject = { ...ada, subject: null as unknown as string }
  await t.rejects(registerUser(store, withoutSubject, profile, 0), /null/i)
  t.strictSame(take(), [
    ['select', 'users', undefined],
    ['insert', 'users', 'rejected'],
  ])
})

onPostgres(t, 'a statement without an answer is reported as unavailable', async (t, url) => {
  await prepare(url)
  const proxy = await DatabaseProxy.start(t, url)
  const { store, take } = await openObserved(t, proxy.url(url))
  await findUser(store, ada.issuer, 1)
  await proxy.cut()
  await t.rejects(findUser(store, ada.issuer, 1), { code: 'store_unavailable' })
  t.strictSame(take(), [
    ['select', 'users', undefined],
    ['select', 'users', 'unavailable'],
  ])
})
