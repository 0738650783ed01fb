import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { openStore, type StoreOptions } from '../../../src/plugins/store/database.ts'
import type { Store } from '../../../src/plugins/store/schema.ts'
import { listUsers, recordVisit } from '../../../src/plugins/store/tables/users.ts'
import { prepare } from '../../helpers/database.ts'
import { DatabaseProxy } from '../../helpers/database-proxy.ts'
import { onPostgres } from '../../helpers/postgres.ts'

const unavailable = { code: 'store_unavailable', statusCode: 503 }
/** The service promises three seconds, but the machine may be busy with other tests. */
const PATIENCE_MS = 30_000
const ada = { issuer: 'https://issuer.test/', subject: 'auth0|ada' }

async function open(t: Test, url: string, options?: StoreOptions): Promise<Store> {
  const store = await openStore(url, options)
  t.teardown(() => store.destroy())
  return store
}

/** Opens a store through a proxy, with a cheap query. */
async function openThroughProxy(t: Test, url: string, options?: StoreOptions) {
  await prepare(url)
  const proxy = await DatabaseProxy.start(t, url)
  const store = await open(t, proxy.url(url), options)
  const ask = () => store.selectFrom('users').select('id').execute()
  const askOften = () => Promise.allSettled(Array.from({ length: 50 }, ask))
  return { proxy, store, ask, askOften }
}

async function failsInTime(t: Test, ask: () => Promise<unknown>) {
  const start = performance.now()
  await t.rejects(ask(), unavailable)
  const ms = performance.now() - start
  t.ok(ms < PATIENCE_MS, `${ms} ms`)
}

/** Repeats the query until it succeeds. */
async function recovers(t: Test, ask: () => Promise<unknown>) {
  const start = performance.now()
  while (
    await ask().then(
      () => false,
      () => true,
    )
  )
    await new Promise((resolve) => setTimeout(resolve, 50))
  const ms = performance.now() - start
  t.ok(ms < PATIENCE_MS, `${ms} ms`)
}

onPostgres(
  t,
  'statements fail immediately while the database is down, and succeed when it is back',
  async (t, url) => {
    const { proxy, ask, askOften } = await openThroughProxy(t, url)
    for (let round = 0; round < 3; round++) {
      for (const { status } of await askOften()) t.equal(status, 'fulfilled')
      const underWay = askOften()
      await proxy.cut()
      for (const result of await underWay)
        if (result.status === 'rejected') t.match(result.reason, unavailable)
      await Promise.all(Array.from({ length: 50 }, () => failsInTime(t, ask)))
      await proxy.open()
      await recovers(t, ask)
    }
  },
)

onPostgres(t, 'statements fail in time while the database hangs, and succeed afterwards', async (t, url) => {
  const { proxy, ask, askOften } = await openThroughProxy(t, url)
  await askOften()
  proxy.clog()
  await Promise.all(Array.from({ length: 50 }, () => failsInTime(t, ask)))
  await Promise.all(Array.from({ length: 50 }, () => failsInTime(t, ask)))
  await proxy.open()
  await recovers(t, ask)
  for (const { status } of await askOften()) t.equal(status, 'fulfilled')
})

onPostgres(t, 'the number of connections is bounded', async (t, url) => {
  for (const [options, expected] of [
    [{ pool: { pending: 0, maxConnections: 1 } }, 1],
    [{ pool: { pending: 0, maxConnections: 3 } }, 3],
    [{}, 10],
  ] as const) {
    const store = await open(t, url, options)
    const ids = Array.from({ length: 40 }, () =>
      sql<{ pid: number }>`select pg_backend_pid() as pid, pg_sleep(0.01)`.execute(store),
    )
    const pids = new Set((await Promise.all(ids)).map(({ rows }) => rows[0]?.pid))
    t.equal(pids.size, expected)
  }
})

onPostgres(
  t,
  'more than a hundred pending statements for each connection are rejected immediately',
  async (t, url) => {
    for (const [options, pending] of [
      [{ pool: { pending: 0, maxConnections: 2 } }, 200],
      [{}, 1_000],
    ] as const) {
      const { proxy, ask } = await openThroughProxy(t, url, options)
      proxy.clog()
      const waiting = Promise.allSettled(Array.from({ length: pending }, ask))
      await t.rejects(ask(), { ...unavailable, detail: 'too many statements are pending' })
      for (const result of await waiting) t.match(result, { status: 'rejected', reason: unavailable })
    }
  },
)

onPostgres(t, 'a slow statement is cancelled, and other statements are not affected', async (t, url) => {
  const store = await open(t, url)
  const slow = failsInTime(t, () => sql`select pg_sleep(30)`.execute(store))
  t.strictSame((await sql`select 1 as one`.execute(store)).rows, [{ one: 1 }])
  await slow
  t.strictSame((await sql`select 1 as one`.execute(store)).rows, [{ one: 1 }])
})

onPostgres(
  t,
  'temporary errors of the database are 503 errors, errors in a statement are not',
  async (t, url) => {
    const store = await open(t, url)
    await t.rejects(
      recordVisit(store, ada, 0),
      { ...unavailable, cause: { code: '42P01' } },
      'the table does not exist yet',
    )
    await t.rejects(sql`selekt`.execute(store), { code: '42601', statusCode: undefined })
    const missing = new URL(url)
    missing.pathname = 'nowhere'
    await t.rejects(recordVisit(await open(t, missing.href), ada, 0), {
      ...unavailable,
      cause: { code: '3D000' },
    })
  },
)

onPostgres(t, 'a transaction is atomic, and releases its connection', async (t, url) => {
  await prepare(url)
  const store = await open(t, url)
  const count = async () => (await listUsers(store, ada.issuer, { cursor: 0, limit: 100 })).items.length
  for (let round = 0; round < 15; round++) {
    await t.rejects(
      store.transaction().execute(async (transaction) => {
        await recordVisit(transaction, ada, 0)
        t.equal(await count(), 0, 'not visible outside the transaction')
        throw new Error('changed my mind')
      }),
      /changed my mind/,
    )
  }
  t.equal(await count(), 0)
  await store
    .transaction()
    .setIsolationLevel('serializable')
    .execute((transaction) => recordVisit(transaction, ada, 0))
  t.equal(await count(), 1)
})

onPostgres(
  t,
  'a transaction that loses its connection fails with 503, and affects nothing else',
  async (t, url) => {
    const { proxy, store, ask, askOften } = await openThroughProxy(t, url)
    for (let round = 0; round < 3; round++) {
      await askOften()
      const transaction = store.transaction().execute(async (transaction) => {
        await recordVisit(transaction, ada, 0)
        await proxy.cut()
        await new Promise((resolve) => setTimeout(resolve, 100))
        await recordVisit(transaction, ada, 0)
      })
      await t.rejects(transaction, unavailable)
      await proxy.open()
      await recovers(t, ask)
      for (const { status } of await askOften()) t.equal(status, 'fulfilled')
      t.strictSame(await ask(), [], 'the transaction was rolled back')
    }
  },
)

onPostgres(t, 'ids above 2^31 are read as numbers', async (t, url) => {
  await prepare(url)
  const store = await open(t, url)
  await sql`alter table users alter column id restart with 5000000000`.execute(store)
  const { user } = await recordVisit(store, ada, 0)
  t.equal(user.id, 5_000_000_000)
})

onPostgres(
  t,
  'behind a pooler, no statement is prepared and no session parameter is sent',
  async (t, url) => {
    await prepare(url)
    const pooled = new URL(url)
    pooled.searchParams.set('pgbouncer', 'true')
    for (const [address, isPrepared, statement_timeout] of [
      [url, true, '2s'],
      [pooled.href, false, '0'],
    ] as const) {
      const store = await open(t, address)
      const { rows } = await sql`select name from pg_prepared_statements`.execute(store) // itself one of the prepared statements
      t.equal(rows.length > 0, isPrepared, address)
      t.strictSame((await sql`show statement_timeout`.execute(store)).rows, [{ statement_timeout }])
    }
  },
)

onPostgres(t, 'a notice of the database is ignored', async (t, url) => {
  const store = await open(t, url)
  await t.resolves(sql`do $$ begin raise notice 'a notice'; end $$`.execute(store))
})
