import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { openStore } from '../../../src/plugins/store/database.ts'
import { openSqlite } from '../../../src/plugins/store/node-sqlite.ts'
import { BUSY_TIMEOUT_MS } from '../../../src/plugins/store/sqlite-driver.ts'
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
  t.match(await pragma('busy_timeout'), [{ timeout: 0 }], 'waiting does not block the event loop')
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

t.test('waiting for a lock of another process blocks neither the event loop nor reads', async (t) => {
  const { store, path } = await open(t)
  const other = new DatabaseSync(path)
  t.teardown(() => other.close())
  other.exec('begin immediate')
  const loop = monitorEventLoopDelay({ resolution: 5 })
  loop.enable()
  const writes = Array.from({ length: 10 }, (_, i) => recordVisit(store, { ...ada, subject: `${i}` }, 0))
  let hasWaited = false
  const outcomes = Promise.allSettled(writes).finally(() => {
    hasWaited = true
  })
  t.strictSame((await listUsers(store, ada.issuer, { cursor: 0, limit: 9 })).items, [])
  t.notOk(hasWaited, 'a read does not wait')
  const begin = performance.now()
  const statuses = (await outcomes).map((outcome) => outcome.status)
  t.strictSame(new Set(statuses), new Set(['rejected']))
  t.ok(performance.now() - begin < 5 * BUSY_TIMEOUT_MS, 'ten writes wait at the same time')
  t.ok(loop.max / 1e6 < BUSY_TIMEOUT_MS, `the event loop was blocked for ${loop.max / 1e6} ms`)
  other.exec('rollback')
  t.match(await recordVisit(store, ada, 0), { user: ada })
})

t.test('a write that waits for a lock succeeds when it is released', async (t) => {
  const { store, path } = await open(t)
  const other = new DatabaseSync(path)
  t.teardown(() => other.close())
  other.exec('begin immediate')
  const write = recordVisit(store, ada, 0)
  const transaction = store.transaction().execute((trx) => recordVisit(trx, { ...ada, subject: 'b' }, 0))
  await delay(300)
  other.exec('rollback')
  t.match(await write, { user: ada })
  t.match(await transaction, { user: { subject: 'b' } })
})

t.test('a file that is deleted, replaced or overwritten makes the store unavailable', async (t) => {
  const harm: Record<string, (path: string) => void> = {
    deleted: (path) => rmSync(path),
    replaced: (path) => {
      copyFileSync(path, `${path}.copy`)
      renameSync(`${path}.copy`, path)
    },
    overwritten: (path) => writeFileSync(path, Buffer.alloc(8_192, 'x')),
  }
  for (const [name, doHarm] of Object.entries(harm)) {
    const { store, path } = await open(t, `${t.testdir()}/${name}.db`)
    await recordVisit(store, ada, 0)
    doHarm(path)
    await delay(1_100)
    await t.rejects(recordVisit(store, { ...ada, subject: 'b' }, 0), { code: 'store_unavailable' }, name)
    await t.rejects(
      listUsers(store, ada.issuer, { cursor: 0, limit: 9 }),
      { code: 'store_unavailable' },
      name,
    )
  }
})

t.test('a file that is overwritten and restored in place is used again', async (t) => {
  const { store, path } = await open(t)
  await recordVisit(store, ada, 0)
  const content = readFileSync(path)
  writeFileSync(path, Buffer.alloc(content.length, 'x'))
  await delay(1_100)
  await t.rejects(listUsers(store, ada.issuer, { cursor: 0, limit: 9 }), { code: 'store_unavailable' })
  writeFileSync(path, content)
  await delay(1_100)
  t.match((await listUsers(store, ada.issuer, { cursor: 0, limit: 9 })).items, [ada])
})

t.test('an error in a statement is not a 503 error', async (t) => {
  const { store } = await open(t)
  await t.rejects(sql`selekt`.execute(store), { code: 'ERR_SQLITE_ERROR', statusCode: undefined })
  await t.rejects(sql`insert into users (id) values (1)`.execute(store), {
    message: /NOT NULL/,
    statusCode: undefined,
  })
})
