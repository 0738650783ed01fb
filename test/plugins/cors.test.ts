import t, { type Test } from 'tap'
import { bearer, listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

const ORIGIN = 'https://app.example'
const OTHER_ORIGIN = 'http://localhost:4040'

async function start(t: Test, CLIENT_ORIGIN_URL: string, environment: Record<string, string> = {}) {
  const issuer = await TestIssuer.start(t)
  const { url } = await listen(t, issuer, { environment: { CLIENT_ORIGIN_URL, ...environment } })
  const send = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await fetch(`${url}${path}`, { method, headers })
    const cors = [...response.headers].filter(([name]) => name.startsWith('access-control-'))
    return { status: response.status, cors: Object.fromEntries(cors), headers: response.headers }
  }
  const preflight = (path: string, origin: string) =>
    send(path, { origin, 'access-control-request-method': 'DELETE' }, 'OPTIONS')
  return { issuer, send, preflight }
}

const exposed =
  'WWW-Authenticate, DPoP-Nonce, Link, Location, Retry-After, X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset'
const builtIn =
  'Authorization, DPoP, Content-Type, traceparent, tracestate, X-Request-Id, Idempotency-Key, Mcp-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name'

const allowed = (origin: string) => ({
  'access-control-allow-origin': origin,
  'access-control-expose-headers': exposed,
})

t.test('a configured origin may read responses, including errors', async (t) => {
  const { issuer, send } = await start(t, `${ORIGIN}, ${OTHER_ORIGIN}`)
  for (const origin of [ORIGIN, OTHER_ORIGIN]) {
    const token = bearer(await issuer.sign())
    for (const [status, path, headers] of [
      [200, '/api/public', {}],
      [200, '/api/private', token],
      [401, '/api/private', {}],
      [403, '/api/private-scoped', token],
      [404, '/nowhere', {}],
    ] as const) {
      const answer = await send(path, { origin, ...headers })
      t.equal(answer.status, status)
      t.strictSame(answer.cors, allowed(origin), 'no credentials, no wildcard')
      t.equal(answer.headers.get('vary'), 'Origin')
      t.equal(answer.headers.has('www-authenticate'), status === 401 || status === 403)
    }
  }
})

t.test('another origin may not read responses', async (t) => {
  const { send, preflight } = await start(t, ORIGIN)
  for (const origin of [OTHER_ORIGIN, 'null', `${ORIGIN}.evil.example`, ORIGIN.replace('https', 'http')]) {
    for (const answer of [await send('/api/public', { origin }), await preflight('/api/private', origin)]) {
      t.notOk('access-control-allow-origin' in answer.cors, origin)
      t.equal(answer.headers.get('vary'), 'Origin')
    }
  }
  t.strictSame((await send('/api/public', { origin: ORIGIN })).cors, allowed(ORIGIN))
})

t.test('a preflight is 204 without a token', async (t) => {
  const { preflight } = await start(t, ORIGIN)
  for (const path of ['/api/private', '/api/public', '/nowhere']) {
    const { status, cors } = await preflight(path, ORIGIN)
    t.equal(status, 204)
    t.strictSame(cors, {
      ...allowed(ORIGIN),
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': builtIn,
      'access-control-max-age': '86400',
    })
  }
})

t.test('CORS_ALLOWED_HEADERS adds request headers to the allowed ones', async (t) => {
  const { preflight } = await start(t, ORIGIN, { CORS_ALLOWED_HEADERS: 'X-Tenant-Id, baggage' })
  const { cors } = await preflight('/api/private', ORIGIN)
  t.equal(cors['access-control-allow-headers'], `${builtIn}, X-Tenant-Id, baggage`)
})

t.test('OPTIONS without preflight headers is 204 without CORS headers', async (t) => {
  const { send } = await start(t, ORIGIN)
  const { status, cors } = await send('/api/private', {}, 'OPTIONS')
  t.equal(status, 204)
  t.notOk('access-control-allow-origin' in cors)
})

t.test('without a configured origin no CORS headers are sent', async (t) => {
  const { issuer, send, preflight } = await start(t, '')
  for (const [status, answer] of [
    [200, await send('/api/private', { origin: ORIGIN, ...bearer(await issuer.sign()) })],
    [401, await send('/api/private', { origin: ORIGIN })],
    [405, await preflight('/api/private', ORIGIN)],
    [404, await preflight('/nowhere', ORIGIN)],
  ] as const) {
    t.equal(answer.status, status)
    t.strictSame(answer.cors, {})
    t.notOk(answer.headers.has('vary'))
  }
})
