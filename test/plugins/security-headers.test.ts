import t from 'tap'
import { bearer, listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

const ORIGIN = 'https://app.example'

t.test('every answer has the security headers, and none has a banner', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { url } = await listen(t, issuer, { environment: { CLIENT_ORIGIN_URL: ORIGIN } })
  const token = bearer(await issuer.sign())
  const preflight = { origin: ORIGIN, 'access-control-request-method': 'GET' }
  const requests: [circumstance: string, status: number, path: string, init?: RequestInit][] = [
    ['an answer', 200, '/api/public'],
    ['a guarded answer', 200, '/api/private', { headers: token }],
    ['an answer without a body', 200, '/api/public', { method: 'HEAD' }],
    ['an unauthenticated request', 401, '/api/private'],
    ['an unauthorised request', 403, '/api/private-scoped', { headers: token }],
    ['an unknown path', 404, '/nowhere'],
    ['an unknown method', 404, '/api/public', { method: 'POST' }],
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
        'strict-transport-security': /^max-age=31536000;/,
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
      for (const banner of ['server', 'x-powered-by']) t.notOk(headers.has(banner), banner)
    })
  }
})

t.test('what a token guards is kept by no cache', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { url } = await listen(t, issuer)
  const cacheControl = async (path: string, headers = {}) =>
    (await fetch(`${url}${path}`, { headers })).headers.get('cache-control')
  t.equal(await cacheControl('/api/private', bearer(await issuer.sign())), 'no-store')
  t.equal(await cacheControl('/api/private'), 'no-store')
  t.equal(await cacheControl('/api/public'), null)
})
