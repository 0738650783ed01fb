import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import things from '../../fixtures/routes/things.ts'
import { type BuildOptions, bearer, listen } from '../../helpers/app.ts'
import { Collector } from '../../helpers/collector.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { required, start } from '../../helpers/process.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const traceparent = `00-${TRACE}-${PARENT}-01`
const SERVER = 2 // kind
const ERROR = 2 // status

/** Starts the service with a collector. The SDK reads its variables from `process.env`. */
async function startTraced(t: Test, variables: Record<string, string> = {}, options: BuildOptions = {}) {
  const issuer = await TestIssuer.start(t)
  const collector = await Collector.start(t)
  const all = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '20', ...variables }
  Object.assign(process.env, all)
  t.teardown(() => {
    for (const name of Object.keys(all)) delete process.env[name]
  })
  const { OTEL_EXPORTER_OTLP_ENDPOINT } = all
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT, ...options.environment }
  const app = await listen(t, issuer, { ...options, environment })
  const get = async (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) => {
    const response = await fetch(`${app.url}${path}`, { ...init, headers })
    await response.text()
    return response.status
  }
  const about = () => app.logLines.filter(({ msg }) => msg.startsWith('traces '))
  return { issuer, collector, app, get, about }
}

const addThings = (app: FastifyInstance) => void app.register(things)

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
}

t.test('each request is a span with its route and status, and a 5xx is an error', async (t) => {
  const { issuer, collector, app, get } = await startTraced(
    t,
    {},
    { environment: { DATABASE_URL: 'postgres://user@127.0.0.1:1/none' }, extend: addThings },
  )
  const token = await issuer.sign({ scope: 'read:messages' })
  for (const [path, headers, init, status] of [
    ['/api/public', {}, {}, 200],
    ['/api/private-scoped', bearer(token), {}, 200],
    ['/api/private', {}, {}, 401],
    ['/things/17', bearer(token), {}, 503],
    ['/nowhere', {}, { method: 'DELETE' }, 404],
  ] as const) {
    t.equal(await get(path, headers, init), status)
  }
  await app.close()
  const spans = collector.spans.map(({ name, kind, attributes, status, parentSpanId, events }) => {
    return [name, kind, attributes, status.code, parentSpanId ?? '', events]
  })
  const span = (method: string, route: string | undefined, status: number, error?: string) => {
    const attributes = {
      'http.request.method': method,
      ...(route && { 'http.route': route }),
      'http.response.status_code': status,
      ...(error && { 'error.type': error }),
    }
    return [route ? `${method} ${route}` : method, SERVER, attributes, status >= 500 ? ERROR : 0, '', []]
  }
  const expected = [
    span('GET', '/api/public', 200),
    span('GET', '/api/private-scoped', 200),
    span('GET', '/api/private', 401, 'missing_token'),
    span('GET', '/things/:id', 503, 'store_unavailable'),
    span('DELETE', undefined, 404),
  ]
  t.same(spans, expected)
  t.match(collector.requests[0], { path: '/v1/traces', headers: { 'content-type': 'application/json' } })
})

t.test('the trace of the caller is continued, and its id is in every log line of the request', async (t) => {
  const { collector, get, app } = await startTraced(t)
  await get('/api/public', { traceparent })
  await get('/api/private', { traceparent })
  await get('/nowhere', { traceparent: 'no such thing' })
  await app.close()
  const [first, second, third] = collector.spans
  for (const span of [first, second]) t.match(span, { traceId: TRACE, parentSpanId: PARENT })
  t.not(first?.spanId, second?.spanId)
  t.match(third?.traceId, /^[0-9a-f]{32}$/)
  t.not(third?.traceId, TRACE, 'an invalid header starts a new trace')
  const lines = app.logLines.filter(({ reqId }) => reqId !== undefined)
  t.match(
    lines.map(({ msg, traceId }) => [msg, traceId]),
    [
      ['request', TRACE],
      ['request rejected', TRACE],
      ['request', TRACE],
      ['request', third?.traceId],
    ],
  )
})

t.test('spans contain neither data from the request nor the identity of the caller', async (t) => {
  const { issuer, collector, app, get } = await startTraced(t, {}, { extend: addThings })
  const token = await issuer.sign({ sub: 'auth0|hidden-subject', name: 'hidden-name' })
  const json = { 'content-type': 'application/json' }
  const headers = { ...bearer(token), baggage: 'key=hidden-baggage', cookie: 'a=hidden-cookie' }
  t.equal(await get('/api/public?access_token=hidden-query'), 200)
  t.equal(await get('/api/me?secret=hidden-query', { ...headers, 'user-agent': 'hidden-agent' }), 200)
  t.equal(await get('/things/hidden-id', headers), 404)
  t.equal(await get('/hidden-path/7', headers), 404)
  t.equal(await get('/things', { ...headers, ...json }, { method: 'POST', body: '{"hidden-body' }), 400)
  t.equal(await get('/things', { ...headers, ...json }, { method: 'POST', body: '{"title":5}' }), 400)
  t.equal(await get('/api/private', bearer(`hidden-token.${token}`)), 401)
  await app.close()
  t.equal(collector.spans.length, 7)
  const sent = collector.bodies.join()
  for (const part of token.split('.')) t.notOk(sent.includes(part))
  t.notMatch(sent, /hidden|127\.0\.0\.1/)
})

t.test('requests to issuers have no trace headers', async (t) => {
  const { issuer, app, get } = await startTraced(t)
  t.equal(await get('/api/private', { ...bearer(await issuer.sign()), traceparent, tracestate: 'a=b' }), 200)
  await app.close()
  t.ok(issuer.requestHeaders.length >= 2)
  for (const headers of issuer.requestHeaders) {
    t.strictSame(
      Object.keys(headers).filter((name) => /^(trace|baggage|b3)/.test(name)),
      [],
    )
  }
})

t.test('a request that the client aborts is a span', async (t) => {
  const { promise, resolve: release } = Promise.withResolvers<void>()
  const { collector, app, get } = await startTraced(
    t,
    {},
    {
      extend: (instance) => {
        instance.get('/held', { config: { public: true } }, async () => {
          await promise
          return {}
        })
      },
    },
  )
  await t.rejects(get('/held', {}, { signal: AbortSignal.timeout(300) }))
  await until(() => collector.spans.length > 0)
  release()
  await app.close()
  t.match(collector.spans, [{ name: 'GET /held', attributes: { 'error.type': 'aborted' } }])
  t.equal(collector.spans.length, 1)
})

t.test('the variables of OpenTelemetry are used', async (t) => {
  const { collector, app, get } = await startTraced(t, {
    OTEL_SERVICE_NAME: 'front-door',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=secret',
  })
  await get('/livez')
  await app.close()
  t.match(collector.resource, {
    'service.name': 'front-door',
    'service.version': /^\d+\.\d+\.\d+/,
    'deployment.environment.name': 'test',
  })
  t.match(collector.requests[0]?.headers, { 'x-api-key': 'secret' })
  t.notMatch(JSON.stringify(app.logLines), /secret/)
})

t.test('the default service name is gatehouse', async (t) => {
  const { collector, app, get } = await startTraced(t)
  await get('/livez')
  await app.close()
  t.match(collector.resource, { 'service.name': 'gatehouse' })
})

t.test('without sampled requests no spans are sent, and the log still has the trace id', async (t) => {
  const { collector, get, app } = await startTraced(t, { OTEL_TRACES_SAMPLER: 'always_off' })
  t.equal(await get('/api/public', { traceparent }), 200)
  await app.close()
  t.equal(collector.attempts, 0)
  t.match(
    app.logLines.find(({ msg }) => msg === 'request'),
    { traceId: TRACE },
  )
})

t.test(
  'a collector that rejects spans does not affect requests, and failure and recovery are logged once each',
  async (t) => {
    const { collector, app, get, about } = await startTraced(t)
    collector.misbehaviour = (_request, response) => response.writeHead(400).end()
    for (let batch = 1; batch <= 3; batch++) {
      for (let i = 0; i < 20; i++) t.equal(await get('/livez'), 200)
      await until(() => collector.attempts >= batch)
    }
    await until(() => about().length > 0)
    collector.misbehaviour = undefined
    t.equal(await get('/livez'), 200)
    await app.close()
    t.match(about(), [
      { level: 40, msg: 'traces cannot be delivered and are lost' },
      { level: 30, msg: 'traces are delivered again' },
    ])
    t.equal(about().length, 2)
  },
)

t.test('a collector that is down or hangs does not affect requests and is logged once', async (t) => {
  for (const kind of ['down', 'hung'] as const) {
    const { collector, get, app, about } = await startTraced(t, {
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
      ...(kind === 'down' && { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }),
    })
    collector.misbehaviour = () => {}
    for (let i = 0; i < 20; i++) t.equal(await get('/livez'), 200, kind)
    await until(() => about().length > 0)
    for (let i = 0; i < 20; i++) t.equal(await get('/livez'), 200, kind)
    await app.close()
    t.match(about(), [{ level: 40 }])
    t.equal(about().length, 1, kind)
  }
})

t.test('pending spans are sent at shutdown', async (t) => {
  const { collector, app, get } = await startTraced(t, { OTEL_BSP_SCHEDULE_DELAY: '600000' })
  for (let i = 0; i < 3; i++) t.equal(await get('/livez'), 200)
  t.equal(collector.attempts, 0)
  await app.close()
  t.equal(collector.spans.length, 3)
})

t.test('a collector that hangs does not delay the shutdown beyond the grace period', async (t) => {
  const collector = await Collector.start(t)
  collector.misbehaviour = () => {}
  const OTEL_EXPORTER_OTLP_ENDPOINT = collector.url
  const environment = { ...required, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_BSP_SCHEDULE_DELAY: '600000' }
  const { child, ended, listening } = start(t, { environment })
  t.equal((await fetch(`${await listening()}/livez`)).status, 200)
  child.kill('SIGTERM')
  const { code, stdout } = await ended
  t.equal(code, 0)
  t.equal(collector.attempts, 1)
  t.notMatch(stdout, /killed by timeout/)
})
