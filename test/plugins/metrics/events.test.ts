import t from 'tap'
import { makeRegistry } from '../../../src/plugins/metrics/registry.ts'
import { addTokenMetrics } from '../../../src/plugins/metrics/tokens.ts'
import { freePort } from '../../helpers/free-port.ts'
import { startMeasured } from '../../helpers/measured.ts'
import { Scrape } from '../../helpers/metrics.ts'
import { onPostgres } from '../../helpers/postgres.ts'

t.test('requests above a limit are counted by quota, and the log says which', async (t) => {
  const { issuer, app, get, scrape } = await startMeasured(t, { environment: { RATE_LIMIT_MAX: '2' } })
  const token = await issuer.sign()
  for (let i = 0; i < 3; i++) await get('/api/private', token)
  for (let i = 0; i < 4; i++) await get('/api/public')
  for (let i = 0; i < 3; i++) await get('/api/private', 'a.b.c')
  const counts = (await scrape()).byLabel('gatehouse_rate_limited_requests_total', 'quota')
  t.strictSame(counts, { caller: 1, address: 2, rejected: 1 })
  const details = app.logLines.filter(({ code }) => code === 'rate_limited').map(({ detail }) => detail)
  t.strictSame(details, [
    'the quota of the caller is used up',
    'the quota of the address is used up',
    'the quota of the address is used up',
    'the quota of the address for rejected tokens is used up',
  ])
})

t.test('failed Redis commands are counted', async (t) => {
  const REDIS_URL = `redis://127.0.0.1:${await freePort()}`
  const { scrape } = await startMeasured(t, { environment: { RATE_LIMIT_MAX: '9', REDIS_URL } })
  // One connection for the counts, and two for revocations; and one use for proofs
  t.equal((await scrape()).sum('gatehouse_redis_errors_total'), 4)
})

t.test('accepted tokens are counted by issuer', async (t) => {
  const { issuer, get, scrape } = await startMeasured(t)
  await get('/api/private', await issuer.sign())
  const accepted = async () => {
    const series = (await scrape()).series('gatehouse_tokens_total', { outcome: 'accepted' })
    return Object.fromEntries(series.map(({ labels, value }) => [labels.issuer, value]))
  }
  t.strictSame(await accepted(), { [issuer.url]: 1, other: 0 })
})

t.test('accepted tokens of issuers without an entry of their own are counted together', async (t) => {
  const registry = makeRegistry()
  const cache = { cacheSize: 0, cacheStats: { hits: 0, misses: 0 } }
  const count = addTokenMetrics(registry, cache, ['https://one.test/'])
  for (const tenant of ['a', 'b']) count('accepted', `https://many.test/${tenant}/`)
  const scrape = new Scrape(await registry.metrics())
  t.equal(scrape.sum('gatehouse_tokens_total', { outcome: 'accepted', issuer: 'other' }), 2)
})

t.test('failed UserInfo requests are counted by issuer', async (t) => {
  const { issuer, get, scrape } = await startMeasured(t)
  issuer.userinfo = (_request, response) => void response.writeHead(500).end()
  t.equal(await get('/api/users/me', await issuer.sign({ scope: 'openid' })), 200)
  const failures = (await scrape()).byLabel('gatehouse_userinfo_failures_total', 'issuer')
  t.strictSame(failures, { [issuer.url]: 1 })
})

t.test('readiness is reported by check, and optional modules by name', async (t) => {
  const { app, scrape } = await startMeasured(t, { environment: { RATE_LIMIT_MAX: '9' } })
  t.strictSame((await scrape()).byLabel('gatehouse_ready', 'check'), { process: 1, load: 1, store: 1 })
  app.startDraining()
  t.strictSame((await scrape()).byLabel('gatehouse_ready', 'check'), { process: 0, load: 1, store: 1 })
  const modules = (await scrape()).byLabel('gatehouse_module_enabled', 'module')
  const expected = {
    client_certificates: 0,
    cors: 0,
    dpop: 1,
    kept_keys: 0,
    rate_limit: 1,
    redis: 0,
    traces: 0,
  }
  t.match(modules, expected)
  t.equal((await scrape()).sum('gatehouse_store_pool_max_connections'), 0, 'SQLite has no pool')
})

onPostgres(t, 'the use of the pool is reported for PostgreSQL', async (t, DATABASE_URL) => {
  const { scrape } = await startMeasured(t, { environment: { DATABASE_URL, DATABASE_POOL_MAX: '3' } })
  const measured = await scrape()
  t.equal(measured.sum('gatehouse_store_pool_max_connections'), 3)
  t.equal(measured.series('gatehouse_store_pending_statements').length, 1)
})
