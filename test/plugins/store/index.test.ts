import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import t from 'tap'
import { ConfigError } from '../../../src/errors/config-error.ts'
import { bearer, buildApp, type LogLine, listen, type TestApp } from '../../helpers/app.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { DatabaseProxy } from '../../helpers/database-proxy.ts'
import { freePort } from '../../helpers/free-port.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { onPostgres } from '../../helpers/postgres.ts'

/** The service promises three seconds, but the machine may be busy with other tests. */
const PATIENCE_MS = 30_000

/** Asks after the second in which the last result is repeated. */
async function check(app: TestApp) {
  await delay(1_010)
  const answer = await app.inject('/readyz')
  return [answer.statusCode, answer.json().checks.store]
}

/** Adds a route that queries the store for every caller, cached or not. */
function addRoute(app: FastifyInstance) {
  app.get('/rows', { preHandler: [app.authenticate, app.loadUser] }, () =>
    app.store.selectFrom('users').select('id').execute(),
  )
}

const aboutStore = ({ logLines }: { logLines: LogLine[] }) =>
  logLines.filter(({ msg }) => msg.startsWith('the store ')).map(({ msg, reason }) => reason ?? msg)

onPostgres(
  t,
  'routes that need PostgreSQL fail in time while it is down, other routes do not, and all recover',
  async (t, url) => {
    await prepare(url)
    const proxy = await DatabaseProxy.start(t, url)
    const issuer = await TestIssuer.start(t)
    const app = await buildApp(t, issuer, { environment: { DATABASE_URL: proxy.url(url) }, extend: addRoute })
    const headers = bearer(await issuer.sign())
    const newcomer = async () => bearer(await issuer.sign({ sub: `auth0|${Math.random()}` }))
    const get = (path: string, as = headers) => app.inject({ url: path, headers: as })
    const isServed = async () => (await get('/rows')).statusCode === 200

    t.equal(await isServed(), true)
    t.strictSame(await check(app), [200, 'ok'])
    for (const breakDown of ['cut', 'clog'] as const) {
      await proxy[breakDown]()
      for (const as of [headers, await newcomer()]) {
        const start = performance.now()
        const answer = await get('/rows', as)
        const ms = performance.now() - start
        t.strictSame(answer.json(), {
          statusCode: 503,
          code: 'store_unavailable',
          error: 'Service Unavailable',
          message: 'The database cannot be reached',
        })
        t.equal(answer.headers['retry-after'], '5')
        t.ok(ms < PATIENCE_MS, `${ms} ms`)
      }
      t.strictSame(await check(app), [503, 'unreachable'])
      t.strictSame(await check(app), [503, 'unreachable'])
      t.equal((await get('/api/private')).statusCode, 200)
      t.equal((await get('/api/me')).statusCode, 200)
      t.equal((await get('/livez')).statusCode, 200)

      await proxy.open()
      const start = performance.now()
      while (!(await isServed())) await new Promise((resolve) => setTimeout(resolve, 50))
      t.ok(performance.now() - start < PATIENCE_MS)
      t.equal((await get('/rows', await newcomer())).statusCode, 200)
      t.strictSame(await check(app), [200, 'ok'])
    }
    const turn = ['unreachable', 'the store is available']
    t.strictSame(aboutStore(app), [...turn, ...turn], 'only changes are logged')
  },
)

onPostgres(
  t,
  'a service that starts before its database or its tables is unready until they exist',
  async (t, url) => {
    const proxy = await DatabaseProxy.start(t, url)
    await proxy.cut()
    const issuer = await TestIssuer.start(t)
    const app = await listen(t, issuer, { environment: { DATABASE_URL: proxy.url(url) }, extend: addRoute })
    const headers = bearer(await issuer.sign())
    const status = async () => (await app.inject({ url: '/rows', headers })).statusCode
    t.strictSame(await check(app), [503, 'unreachable'])
    t.equal(await status(), 503)
    await proxy.open()
    t.strictSame(await check(app), [503, 'migrations are missing'])
    t.equal(await status(), 503)
    await prepare(url)
    t.strictSame(await check(app), [200, 'ok'])
    t.equal(await status(), 200)
    t.strictSame(aboutStore(app), ['unreachable', 'migrations are missing', 'the store is available'])
  },
)

t.test('an unusable SQLite file stops the boot', async (t) => {
  const folder = t.testdir()
  const building = buildApp(t, await TestIssuer.start(t), { environment: { DATABASE_URL: `file:${folder}` } })
  const error = await building.catch((error) => error)
  t.type(error, ConfigError)
  t.match(error.message, `DATABASE_URL names ${folder}: `)
})

t.test('a folder that is created for SQLite is logged, once', async (t) => {
  const issuer = await TestIssuer.start(t)
  const folder = `${t.testdir()}/a`
  const created = async () => {
    const { logLines } = await buildApp(t, issuer, { environment: { DATABASE_URL: `file:${folder}/b/c.db` } })
    return logLines.filter(({ msg }) => msg === 'folder created for the database').map(({ folder }) => folder)
  }
  t.strictSame(await created(), [folder])
  t.strictSame(await created(), [])
})

t.test('a folder that cannot be created stops the boot', async (t) => {
  const file = `${t.testdir({ file: '' })}/file`
  const DATABASE_URL = `file:${file}/a/b.db`
  const building = buildApp(t, await TestIssuer.start(t), { environment: { DATABASE_URL } })
  await t.rejects(
    building,
    new ConfigError([`DATABASE_URL names ${file}/a/b.db: ENOTDIR: not a directory, mkdir '${file}/a'`]),
  )
})

onEachDatabase(t, 'on close, pending requests are answered before the store is closed', async (t, url) => {
  await prepare(url)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>()
  const app = await listen(t, await TestIssuer.start(t), {
    environment: { DATABASE_URL: url },
    extend: (app) => {
      app.get('/slow', { config: { public: true } }, async () => {
        enter()
        await released
        return app.store.selectFrom('users').selectAll().execute()
      })
    },
  })
  const answer = fetch(`${app.url}/slow`)
  await entered
  app.startDraining()
  const closed = app.close()
  await new Promise((resolve) => setTimeout(resolve, 100))
  release()
  t.equal((await answer).status, 200)
  await closed
  await t.rejects(app.store.selectFrom('users').selectAll().execute(), /destroyed/)
})

t.test('however many probes arrive, the database is asked once a second', async (t) => {
  const metrics = `http://127.0.0.1:${await freePort()}`
  const environment = { METRICS_PORT: new URL(metrics).port, HOST: '127.0.0.1' }
  const app = await buildApp(t, await TestIssuer.start(t), { environment })
  await Promise.all(Array.from({ length: 300 }, () => app.inject('/readyz')))
  const text = await (await fetch(`${metrics}/metrics`)).text()
  const counts = text.matchAll(/^gatehouse_store_statement_duration_seconds_count\{.*\} (\d+)$/gm)
  const statements = [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
  t.ok(statements > 0 && statements < 50, `${statements} statements, those of the migrations included`)
})

onPostgres(t, 'DATABASE_POOL_MAX bounds the connections to PostgreSQL', async (t, url) => {
  const environment = { DATABASE_URL: url, DATABASE_POOL_MAX: '2' }
  const { store } = await buildApp(t, await TestIssuer.start(t), { environment })
  const asked = Array.from({ length: 20 }, () =>
    sql<{ pid: number }>`select pg_backend_pid() as pid, pg_sleep(0.01)`.execute(store),
  )
  const pids = (await Promise.all(asked)).map(({ rows }) => rows[0]?.pid)
  t.equal(new Set(pids).size, 2)
})
