import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { openStore } from '../../../src/plugins/store/database.ts'
import type { Store } from '../../../src/plugins/store/schema.ts'
import { listUsers, recordVisit } from '../../../src/plugins/store/tables/users.ts'
import { prepare } from '../../helpers/database.ts'
import { DatabaseProxy } from '../../helpers/database-proxy.ts'
import { onPostgres } from '../../helpers/postgres.ts'

const unavailable = { code: 'store_unavailable', statusCode: 503 }
/** What the service promises is three seconds; the machine of the tests may be busy with others. */
const PATIENCE_MS = 6_000
const ada = { issuer: 'https://issuer.test/', subject: 'auth0|ada' }

async function open(t: Test, url: string): Promise<Store> {
  const store = await openStore(url)
  t.teardown(() => store.destroy())
  return store
}

/** A store that is reached through a proxy, and a cheap question. */
async function openThroughProxy(t: Test, url: string) {
  await prepare(url)
  const proxy = await DatabaseProxy.start(t, url)
  const store = await open(t, proxy.url(url))
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

/** Asks until there is an answer. */
async function heals(t: Test, ask: () => Promise<unknown>) {
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
  'a database that is stopped fails at once, whatever was under way, and heals',
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
      await heals(t, ask)
    }
  },
)

onPostgres(t, 'a database that hangs fails in time, and heals', async (t, url) => {
  const { proxy, ask, askOften } = await openThroughProxy(t, url)
  await askOften()
  proxy.clog()
  await Promise.all(Array.from({ length: 50 }, () => failsInTime(t, ask)))
  await Promise.all(Array.from({ length: 50 }, () => failsInTime(t, ask)))
  await proxy.open()
  await heals(t, ask)
  for (const { status } of await askOften()) t.equal(status, 'fulfilled')
})

onPostgres(t, 'too many who wait for a database that hangs are turned away at once', async (t, url) => {
  const { proxy, ask } = await openThroughProxy(t, url)
  proxy.clog()
  const waiting = Promise.allSettled(Array.from({ length: 1_000 }, ask))
  await t.rejects(ask(), { ...unavailable, detail: 'too many wait for the database' })
  for (const result of await waiting) t.match(result, { status: 'rejected', reason: unavailable })
})

onPostgres(
  t,
  'a statement that takes too long is cancelled, and others are not disturbed',
  async (t, url) => {
    const store = await open(t, url)
    const slow = failsInTime(t, () => sql`select pg_sleep(30)`.execute(store))
    t.strictSame((await sql`select 1 as one`.execute(store)).rows, [{ one: 1 }])
    await slow
    t.strictSame((await sql`select 1 as one`.execute(store)).rows, [{ one: 1 }])
  },
)

onPostgres(
  t,
  'what the database refuses for now is an outage, what is wrong with a statement is not',
  async (t, url) => {
    const store = await open(t, url)
    await t.rejects(
      recordVisit(store, ada, 0),
      { ...unavailable, cause: { code: '42P01' } },
      'not migrated yet',
    )
    await t.rejects(sql`selekt`.execute(store), { code: '42601', statusCode: undefined })
    const nobody = new URL(url)
    nobody.pathname = 'nowhere'
    await t.rejects(recordVisit(await open(t, nobody.href), ada, 0), {
      ...unavailable,
      cause: { code: '3D000' },
    })
  },
)

onPostgres(t, 'a transaction holds all or nothing, and gives its connection back', async (t, url) => {
  await prepare(url)
  const store = await open(t, url)
  const count = async () => (await listUsers(store, { cursor: 0, limit: 100 })).items.length
  for (let round = 0; round < 15; round++) {
    await t.rejects(
      store.transaction().execute(async (transaction) => {
        await recordVisit(transaction, ada, 0)
        t.equal(await count(), 0, 'it is not seen from outside')
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
  'a transaction whose connection is lost is an outage, and harms nothing else',
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
      await heals(t, ask)
      for (const { status } of await askOften()) t.equal(status, 'fulfilled')
      t.strictSame(await ask(), [], 'nothing of it stays')
    }
  },
)

onPostgres(t, 'numbers above 2^31 are numbers', async (t, url) => {
  await prepare(url)
  const store = await open(t, url)
  await sql`alter table users alter column id restart with 5000000000`.execute(store)
  const { user } = await recordVisit(store, ada, 0)
  t.equal(user.id, 5_000_000_000)
})

onPostgres(
  t,
  'behind a pooler nothing is prepared, and no parameter of a session is sent',
  async (t, url) => {
    await prepare(url)
    const pooled = new URL(url)
    pooled.searchParams.set('pgbouncer', 'true')
    for (const [address, isPrepared, statement_timeout] of [
      [url, true, '2s'],
      [pooled.href, false, '0'],
    ] as const) {
      const store = await open(t, address)
      const { rows } = await sql`select name from pg_prepared_statements`.execute(store) // itself one of them
      t.equal(rows.length > 0, isPrepared, address)
      t.strictSame((await sql`show statement_timeout`.execute(store)).rows, [{ statement_timeout }])
    }
  },
)

onPostgres(t, 'a notice of the database is no error and does not reach the output', async (t, url) => {
  const store = await open(t, url)
  await t.resolves(sql`do $$ begin raise notice 'a notice'; end $$`.execute(store))
})
