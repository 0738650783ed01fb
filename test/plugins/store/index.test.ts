import t from 'tap'
import { ConfigError } from '../../../src/config/index.ts'
import { bearer, buildApp, type LogLine, listen, type TestApp } from '../../helpers/app.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { DatabaseProxy } from '../../helpers/database-proxy.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { onPostgres } from '../../helpers/postgres.ts'

/** What the service promises is three seconds; the machine of the tests may be busy with others. */
const PATIENCE_MS = 6_000

async function check(app: TestApp) {
  const answer = await app.inject('/readyz')
  return [answer.statusCode, answer.json().checks.store]
}

const aboutStore = ({ logLines }: { logLines: LogLine[] }) =>
  logLines.filter(({ msg }) => msg.startsWith('the store ')).map(({ msg, reason }) => reason ?? msg)

onPostgres(
  t,
  'PostgreSQL that stops takes along what needs it, in time, and nothing else; all heals',
  async (t, url) => {
    await prepare(url)
    const proxy = await DatabaseProxy.start(t, url)
    const issuer = await TestIssuer.start(t)
    const app = await buildApp(t, issuer, { environment: { DATABASE_URL: proxy.url(url) } })
    const headers = bearer(await issuer.sign({ scope: 'read:users' }))
    const newcomer = async () => bearer(await issuer.sign({ sub: `auth0|${Math.random()}` }))
    const get = (path: string, as = headers) => app.inject({ url: path, headers: as })
    const isServed = async () => (await get('/api/users')).statusCode === 200

    t.equal(await isServed(), true)
    t.strictSame(await check(app), [200, 'ok'])
    for (const breakDown of ['cut', 'clog'] as const) {
      await proxy[breakDown]()
      for (const [path, as] of [
        ['/api/users', headers],
        ['/api/users/me', await newcomer()],
      ] as const) {
        const start = performance.now()
        const answer = await get(path, as)
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
      t.equal((await get('/api/users/me', await newcomer())).statusCode, 200)
      t.strictSame(await check(app), [200, 'ok'])
    }
    const turn = ['unreachable', 'the store serves']
    t.strictSame(aboutStore(app), [...turn, ...turn], 'the log tells of changes only')
  },
)

onPostgres(
  t,
  'a service that starts before its database, or before its tables, is unready until they come',
  async (t, url) => {
    const proxy = await DatabaseProxy.start(t, url)
    await proxy.cut()
    const issuer = await TestIssuer.start(t)
    const app = await listen(t, issuer, { environment: { DATABASE_URL: proxy.url(url) } })
    const headers = bearer(await issuer.sign({ scope: 'read:users' }))
    const status = async () => (await app.inject({ url: '/api/users', headers })).statusCode
    t.strictSame(await check(app), [503, 'unreachable'])
    t.equal(await status(), 503)
    await proxy.open()
    t.strictSame(await check(app), [503, 'migrations are missing'])
    t.equal(await status(), 503)
    await prepare(url)
    t.strictSame(await check(app), [200, 'ok'])
    t.equal(await status(), 200)
    t.strictSame(aboutStore(app), ['unreachable', 'migrations are missing', 'the store serves'])
  },
)

t.test('a SQLite file that cannot be used stops the boot', async (t) => {
  const folder = t.testdir()
  const building = buildApp(t, await TestIssuer.start(t), { environment: { DATABASE_URL: `file:${folder}` } })
  const error = await building.catch((error) => error)
  t.type(error, ConfigError)
  t.match(error.message, `DATABASE_URL names ${folder}: `)
})

onEachDatabase(t, 'at the end requests under way are answered before the store is closed', async (t, url) => {
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
