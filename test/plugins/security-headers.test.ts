import t from 'tap'
import { bearer, listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

const ORIGIN = 'https://app.example'

t.test('every response has the security headers and no banner', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { url } = await listen(t, issuer, { environment: { CLIENT_ORIGIN_URL: ORIGIN } })
  const token = bearer(await issuer.sign())
  const preflight = { origin: ORIGIN, 'access-control-request-method': 'GET' }
  const requests: [circumstance: string, status: number, path: string, init?: RequestInit][] = [
    ['a response', 200, '/api/public'],
    ['a guarded response', 200, '/api/private', { headers: token }],
    ['a response without a body', 200, '/api/public', { method: 'HEAD' }],
    ['an unauthenticated request', 401, '/api/private'],
    ['an unauthorised request', 403, '/api/private-scoped', { headers: token }],
    ['an unknown path', 404, '/nowhere'],
    ['an unknown method', 405, '/api/public', { method: 'POST' }],
    ['a bad URL', 400, '/%'],
    ['a preflight', 204, '/api/private', { method: 'OPTIONS', headers: preflight }],
  ]
  for (const [circumstance, status, path, init] of requests) {
    t.test(`${circumstance} (${status})`, async (t) => {
      const { status: actual, headers } = await fetch(`${url}${path}`, init)
      t.equal(actual, status)
      t.match(Object.fromEntries(headers), {
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
      for (const banner of ['server', 'x-powered-by', 'strict-transport-security'])
        t.notOk(headers.has(banner), banner)
    })
  }
})

t.test('strict-transport-security is sent over https only, as a trusted proxy reports it', async (t) => {
  const issuer = await TestIssuer.start(t)
  const hsts = async (TRUST_PROXY: string, proto: string, path: string) => {
    const { url } = await listen(t, issuer, { environment: { TRUST_PROXY } })
    const response = await fetch(`${url}${path}`, { headers: { 'x-forwarded-proto': proto } })
    return response.headers.get('strict-transport-security')
  }
  for (const path of ['/api/public', '/api/private', '/nowhere']) {
    t.equal(await hsts('1', 'https', path), 'max-age=31536000; includeSubDomains', path)
    t.equal(await hsts('1', 'http', path), null, path)
    t.equal(await hsts('false', 'https', path), null, path)
  }
})

t.test('responses of guarded routes are not stored by caches', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { url } = await listen(t, issuer)
  const cacheControl = async (path: string, headers = {}) =>
    (await fetch(`${url}${path}`, { headers })).headers.get('cache-control')
  t.equal(await cacheControl('/api/private', bearer(await issuer.sign())), 'no-store')
  t.equal(await cacheControl('/api/private'), 'no-store')
  t.equal(await cacheControl('/api/public'), null)
})
