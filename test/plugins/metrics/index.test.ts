import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import t from 'tap'
import { tokenErrorReasons } from '../../../src/plugins/auth/errors.ts'
import { revokeTokens } from '../../../src/plugins/store/tables/revocations.ts'
import things from '../../fixtures/routes/things.ts'
import { listen } from '../../helpers/app.ts'
import { freePort } from '../../helpers/free-port.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { startMeasured } from '../../helpers/measured.ts'
import type { Scrape } from '../../helpers/metrics.ts'
import { required, start } from '../../helpers/process.ts'
import { exchange } from '../../helpers/raw-http.ts'

/** Waits for a condition, because a response is counted slightly after the client has received it. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5))
}

const requests = (scrape: Scrape, labels: Record<string, string> = {}) =>
  scrape.sum('http_request_duration_seconds_count', labels)

t.test('requests are counted and timed by method, pattern of the route and status', async (t) => {
  const { issuer, get, scrape } = await startMeasured(t, { extend: (app) => void app.register(things) })
  const token = await issuer.sign({ scope: 'read:messages' })
  const before = performance.now()
  await get('/api/public?page=1')
  await get('/api/public', undefined, { method: 'HEAD' })
  await get('/api/private')
  await get('/api/private-scoped/', token)
  await get('/api/private-scoped', await issuer.sign())
  await get('/things/17', token)
  await get('/things/18', token)
  await get('/nowhere')
  await until(async () => requests(await scrape()) === 8)
  const seconds = (performance.now() - before) / 1000
  const measured = await scrape()
  for (const [method, route, status, count] of [
    ['GET', '/api/public', '200', 1],
    ['HEAD', '/api/public', '200', 1],
    ['GET', '/api/private', '401', 1],
    ['GET', '/api/private-scoped', '200', 1],
    ['GET', '/api/private-scoped', '403', 1],
    ['GET', '/things/:id', '404', 2],
    ['GET', 'unknown', '404', 1],
  ] as const) {
    t.equal(requests(measured, { method, route, status }), count, `${method} ${route} ${status}`)
  }
  t.ok(measured.sum('http_request_duration_seconds_sum') > 0)
  t.ok(measured.sum('http_request_duration_seconds_sum') < seconds)
  t.equal(measured.sum('http_requests_in_flight'), 0)
})

t.test('malformed requests and CORS preflights are counted', async (t) => {
  const { app, scrape } = await startMeasured(t, { environment: { CLIENT_ORIGIN_URL: 'https://app.test' } })
  await exchange(app.url, 'GET /api/public HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n')
  const headers = { origin: 'https://app.test', 'access-control-request-method': 'GET' }
  await fetch(`${app.url}/api/public`, { method: 'OPTIONS', headers })
  await until(async () => requests(await scrape()) === 2)
  const measured = await scrape()
  t.equal(requests(measured, { method: 'GET', status: '400' }), 1)
  t.equal(requests(measured, { method: 'OPTIONS', status: '204' }), 1)
})

t.test('a rejected token above the rate limit counts by its reason', async (t) => {
  const { get, scrape } = await startMeasured(t, { environment: { RATE_LIMIT_MAX: '20' } })
  for (let i = 0; i < 13; i++) await get('/api/private', 'no-token')
  await until(async () => requests(await scrape()) === 13)
  const measured = await scrape()
  t.equal(requests(measured, { status: '429' }), 3)
  t.equal(measured.sum('gatehouse_tokens_total', { outcome: 'malformed' }), 13)
})

t.test('a request is in flight until the response is sent or the client disconnects', async (t) => {
  const { promise, resolve: release } = Promise.withResolvers<void>()
  const { app, scrape } = await startMeasured(t, {
    extend: (instance) => {
      instance.get('/held', { config: { public: true } }, async () => {
        await promise
        return {}
      })
    },
  })
  const inFlight = async () => (await scrape()).sum('http_requests_in_flight')
  const answered = fetch(`${app.url}/held`)
  const { port } = new URL(app.url)
  const impatient = connect(Number(port), '127.0.0.1').on('error', () => {})
  impatient.write('GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await until(async () => (await inFlight()) === 2)
  impatient.destroy()
  await until(async () => (await inFlight()) === 1)
  t.equal(requests(await scrape(), { route: '/held', status: 'aborted' }), 1)
  release()
  t.equal((await answered).status, 200)
  await until(async () => (await inFlight()) === 0)
  t.equal(requests(await scrape(), { route: '/held', status: '200' }), 1)
})

const guardedRequests = (scrape: Scrape) =>
  requests(scrape, { route: '/api/private' }) + requests(scrape, { route: '/leveled' })

t.test('every token counts once, by its outcome', async (t) => {
  const unreachable = `http://127.0.0.1:${await freePort()}/`
  const issuer = await TestIssuer.start(t)
  const { app, get, scrape } = await startMeasured(t, {
    environment: { AUTH0_DOMAIN: `${issuer.url},${unreachable}` },
    extend: (app) => {
      const preHandler = app.anyOf(
        app.requiresClaim('/level', 'any'),
        app.requiresAuthentication({ acr: ['pin'] }),
      )
      app.get('/leveled', { preHandler }, async () => ({}))
    },
  })
  const ended = {
    issuer: issuer.url,
    kind: 'sid',
    value: 'ended',
    before: undefined,
    reason: undefined,
  } as const
  await revokeTokens(app.store, { ...ended, until: Date.now() + 3_600_000 }, Date.now())
  await app.revocations.spread()
  const now = Math.floor(Date.now() / 1000)
  const good = await issuer.sign()
  const [header, payload] = good.split('.')
  const [, , otherSignature] = (await issuer.sign({ sub: 'other' })).split('.')
  const tokens: Record<(typeof tokenErrorReasons)[number] | 'accepted', (string | undefined)[]> = {
    accepted: [good, good, await issuer.sign({ sub: 'b' })],
    missing: [undefined],
    malformed: ['a b', 'a.b.c', `${issuer.signRaw('[]')}`],
    header: [await issuer.sign({}, { typ: 'logout+jwt' })],
    issuer: [await issuer.sign({ iss: 'https://stranger.test/' })],
    audience: [await issuer.sign({ aud: 'https://other.test' })],
    claims: [await issuer.sign({ sub: undefined }), await issuer.sign({ exp: undefined })],
    expired: [await issuer.sign({ exp: 1 })],
    not_yet_valid: [await issuer.sign({ nbf: now + 600 }), await issuer.sign({ iat: now + 600 })],
    bound: [await issuer.sign({ cnf: { jkt: 'thumbprint' } })],
    proof: [await issuer.sign({ cnf: { jkt: 'x'.repeat(43) } })],
    revoked: [await issuer.sign({ sid: 'ended' })],
    unknown_key: [await issuer.sign({}, { kid: 'unknown' })],
    signature: [`${header}.${payload}.${otherSignature}`],
    authentication_level: [good, await issuer.sign({ acr: 'password' })],
    issuer_unavailable: [await issuer.sign({ iss: unreachable })],
  }
  const counts = async () => {
    const series = (await scrape()).series('gatehouse_tokens_total')
    const named = series.filter(({ labels }) => labels.issuer !== 'other' && labels.issuer !== unreachable)
    return Object.fromEntries(named.map(({ labels, value }) => [labels.outcome, value]))
  }
  const expected = Object.fromEntries(['accepted', ...tokenErrorReasons].map((outcome) => [outcome, 0]))
  t.strictSame(await counts(), expected, 'all outcomes exist from the start')
  await get('/api/public', 'tokens are ignored on public routes')
  for (const [outcome, some] of Object.entries(tokens)) {
    for (const token of some) {
      const path = outcome === 'authentication_level' ? '/leveled' : '/api/private'
      const headers = outcome === 'proof' ? { authorization: `DPoP ${token}` } : {}
      const status = await get(path, token, { headers })
      t.equal(status, { accepted: 200, issuer_unavailable: 503 }[outcome] ?? 401, outcome)
    }
    expected[outcome] = some.length
    await until(async () => guardedRequests(await scrape()) === sum(expected))
    t.strictSame(await counts(), expected, outcome)
  }
})

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

t.test('hits, misses and size of the token cache are reported', async (t) => {
  const { issuer, get, scrape } = await startMeasured(t)
  const tokens = [await issuer.sign({ sub: 'a' }), await issuer.sign({ sub: 'b' }), 'a.b.c']
  for (const token of [...tokens, ...tokens, ...tokens]) await get('/api/private', token)
  const measured = await scrape()
  t.equal(measured.sum('gatehouse_token_cache_hits_total'), 2)
  t.equal(measured.sum('gatehouse_token_cache_misses_total'), 7)
  t.equal(measured.sum('gatehouse_token_cache_size'), 2)
})

t.test('age and number of keys and results of fetches are reported by issuer', async (t) => {
  const down = `http://127.0.0.1:${await freePort()}/`
  const issuer = await TestIssuer.start(t)
  await issuer.addKey('key-2')
  const start = performance.now()
  const { get, scrape } = await startMeasured(t, {
    environment: { AUTH0_DOMAIN: `${issuer.url},${down}`, JWKS_MAX_STALE_HOURS: '2' },
  })
  const keySets = async (labels: Record<string, string>) => {
    const measured = await scrape()
    const value = (name: string, more = {}) =>
      measured.series(`gatehouse_key_set_${name}`, { ...labels, ...more })[0]?.value
    const fetches = ['ok', 'failed'].map((result) => value('fetches_total', { result }))
    return [value('keys'), ...fetches, value('max_age_seconds'), value('age_seconds')]
  }
  t.equal(await get('/api/private', await issuer.sign()), 200)
  t.equal(await get('/api/private', await issuer.sign({ iss: down })), 503)
  const [keys, ok, failed, , age = -1] = await keySets({ issuer: issuer.url })
  t.strictSame([keys, ok, failed], [2, 1, 0])
  t.ok(age >= 0 && age <= (performance.now() - start) / 1000, `${age} s`)
  t.strictSame(await keySets({ issuer: down }), [0, 0, 1, 7200, undefined])
})

t.test('the store’s statements are timed by table and operation', async (t) => {
  const { issuer, app, get, scrape } = await startMeasured(t)
  const token = await issuer.sign({ scope: 'read:users' })
  const users = async (operation: string) =>
    (await scrape()).sum('gatehouse_store_statement_duration_seconds_count', { table: 'users', operation })
  t.equal(await users('select'), 0)
  t.equal(await get('/api/users', token), 200)
  t.equal(await users('select'), 1)
  t.equal(await users('insert'), 0)
  t.equal(await get('/api/users/me', token), 200)
  t.equal(await users('insert'), 1)
  t.equal(await users('delete'), 0)
  t.equal((await scrape()).sum('gatehouse_store_errors_total'), 0)

  const again = { issuer: issuer.url, subject: 'auth0|1', created_at: new Date().toISOString() }
  await t.rejects(app.store.insertInto('users').values(again).execute())
  const labels = { table: 'users', operation: 'insert', reason: 'rejected' }
  t.equal((await scrape()).sum('gatehouse_store_errors_total', labels), 1)
})

t.test('the process and its version are reported', async (t) => {
  const { scrape } = await startMeasured(t)
  const measured = await scrape()
  t.match(measured.series('gatehouse_build_info'), [{ labels: { version: /^\d+\.\d+\.\d+/ }, value: 1 }])
  t.ok(measured.sum('process_resident_memory_bytes') > 1e6)
  t.ok(measured.types.has('nodejs_eventloop_lag_p99_seconds'))
})

t.test('metrics have their own port, which closes with the service', async (t) => {
  const { app, port, scrape } = await startMeasured(t)
  t.equal((await fetch(`${app.url}/metrics`)).status, 404)
  t.ok((await scrape()).samples.length > 0)
  await app.close()
  await t.rejects(fetch(`http://127.0.0.1:${port}/metrics`))
})

t.test('metrics can have an address of their own', async (t) => {
  const port = await freePort()
  await listen(t, await TestIssuer.start(t), {
    environment: { HOST: '127.0.0.1', METRICS_HOST: '127.0.0.2', METRICS_PORT: `${port}` },
  })
  t.equal((await fetch(`http://127.0.0.2:${port}/metrics`)).status, 200)
  await t.rejects(fetch(`http://127.0.0.1:${port}/metrics`))
})

t.test('a port in use stops the start with an error that names the variable', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const METRICS_PORT = String((other.address() as AddressInfo).port)
  const { code, stderr } = await start(t, { environment: { ...required, METRICS_PORT } }).ended
  t.equal(code, 1)
  t.equal(stderr, `The configuration is not usable:\n  port ${METRICS_PORT} is in use: set METRICS_PORT\n`)
})
