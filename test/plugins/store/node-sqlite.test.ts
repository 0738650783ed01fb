import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { openStore } from '../../../src/plugins/store/database.ts'
import { openSqlite } from '../../../src/plugins/store/node-sqlite.ts'
import { listUsers, recordVisit } from '../../../src/plugins/store/tables/users.ts'

const ada = { issuer: 'https://issuer.test/', subject: 'auth0|ada' }

async function open(t: Test, path = `${t.testdir()}/test.db`) {
  const store = await openStore(`file:${path}`)
  t.teardown(() => store.destroy())
  return { store, path }
}

t.test('writes are synchronous, readers do not block, and foreign keys are enforced', async (t) => {
  const { store } = await open(t)
  const pragma = async (name: string) => (await sql.raw<object>(`pragma ${name}`).execute(store)).rows
  t.match(await pragma('journal_mode'), [{ journal_mode: 'wal' }])
  t.match(await pragma('synchronous'), [{ synchronous: 2 }])
  t.match(await pragma('foreign_keys'), [{ foreign_keys: 1 }])
  t.match(await pragma('busy_timeout'), [{ timeout: 2000 }])
})

t.test('the folder of the file is created', async (t) => {
  const path = `${t.testdir()}/a/b/test.db`
  await open(t, path)
  t.ok(existsSync(path))
})

t.test('a file that is opened again has the rows written before', async (t) => {
  const { store, path } = await open(t)
  const { user } = await recordVisit(store, ada, 0)
  const again = await open(t, path)
  t.strictSame((await listUsers(again.store, ada.issuer, { cursor: 0, limit: 9 })).items, [user])
})

t.test('a statement is prepared once, and the cache of statements is bounded', async (t) => {
  const database = openSqlite(':memory:')
  t.teardown(() => database.close())
  const statement = database.prepare('select 1 as one')
  t.equal(database.prepare('select 1 as one'), statement)
  for (let index = 0; index < 500; index++) database.prepare(`select ${index}`)
  t.not(database.prepare('select 1 as one'), statement)
  t.match(statement.all([]), [{ one: 1 }], 'an evicted statement still works')
})

t.test('a statement prepared before a schema change returns the right columns', async (t) => {
  const database = openSqlite(':memory:')
  t.teardown(() => database.close())
  database.prepare('create table users (id, name, email)').run([])
  database.prepare("insert into users values (1, 'Ada', 'ada@example.com')").run([])
  const statement = database.prepare('select * from users')
  t.strictSame(statement.all([]), [{ id: 1, name: 'Ada', email: 'ada@example.com' }])
  database.prepare('alter table users drop column name').run([])
  database.prepare("alter table users add column language default 'en'").run([])
  const changed = [{ id: 1, email: 'ada@example.com', language: 'en' }]
  t.strictSame(statement.all([]), changed)
  t.strictSame([...statement.iterate([])], changed)
})

t.test('rows can be streamed', async (t) => {
  const { store } = await open(t)
  for (const subject of ['a', 'b']) await recordVisit(store, { ...ada, subject }, 0)
  const subjects: string[] = []
  for await (const row of store.selectFrom('users').select('subject').stream()) subjects.push(row.subject)
  t.strictSame(subjects, ['a', 'b'])
})

t.test('a transaction is atomic, and excludes other statements', async (t) => {
  const { store } = await open(t)
  const count = async () => (await listUsers(store, ada.issuer, { cursor: 0, limit: 9 })).items.length
  const failing = store.transaction().execute(async (transaction) => {
    await recordVisit(transaction, ada, 0)
    throw new Error('changed my mind')
  })
  const other = recordVisit(store, { ...ada, subject: 'other' }, 0)
  await t.rejects(failing, /changed my mind/)
  await other
  t.equal(await count(), 1)
  await store.transaction().execute((transaction) => recordVisit(transaction, ada, 0))
  t.equal(await count(), 2)
})

t.test('a database locked by another process is unavailable until it is unlocked', async (t) => {
  const { store, path } = await open(t)
  const other = new DatabaseSync(path)
  t.teardown(() => other.close())
  other.exec('begin immediate')
  await t.rejects(recordVisit(store, ada, 0), { code: 'store_unavailable', cause: { errcode: 5 } })
  t.strictSame((await listUsers(store, ada.issuer, { cursor: 0, limit: 9 })).items, [], 'reading goes on')
  other.exec('rollback')
  t.match(await recordVisit(store, ada, 0), { user: ada })
})

t.test('an error in a statement is not a 503 error', async (t) => {
  const { store } = await open(t)
  await t.rejects(sql`selekt`.execute(store), { code: 'ERR_SQLITE_ERROR', statusCode: undefined })
  await t.rejects(sql`insert into users (id) values (1)`.execute(store), {
    message: /NOT NULL/,
    statusCode: undefined,
  })
})
