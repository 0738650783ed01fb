import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import things from '../../fixtures/routes/things.ts'
import { bearer, buildApp, listen } from '../../helpers/app.ts'
import { moveClock } from '../../helpers/clock.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { startService } from '../../helpers/service.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

t.test('the token is read from the Authorization header only', async (t) => {
  const { issuer, app } = await startService(t)
  const token = await issuer.sign()
  t.equal((await fetch(`${app.url}/api/private?access_token=${token}`)).status, 401)
  t.equal(
    (await fetch(`${app.url}/api/private`, { headers: { cookie: `token=${token}; access_token=${token}` } }))
      .status,
    401,
  )
  t.equal(
    (await fetch(`${app.url}/api/private`, { headers: { authorization: `Basic ${token}` } })).status,
    401,
  )
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    const headers = { authorization: `${scheme} ${token}` }
    t.equal((await fetch(`${app.url}/api/private`, { headers })).status, 200, scheme)
  }
})

t.test(
  'a second token in the query or in a form is 400 invalid_request (RFC 6750, section 3.1)',
  async (t) => {
    const extend = (app: FastifyInstance) => void app.register(things)
    const { issuer, app } = await startService(t, {}, { extend })
    const token = await issuer.sign()
    const ask = async (path: string, form?: Record<string, string> | string, type?: string) => {
      const headers = { authorization: `Bearer ${token}`, ...(type ? { 'content-type': type } : {}) }
      const body = typeof form === 'object' ? new URLSearchParams(form) : form
      const init = body === undefined ? { headers } : { method: 'POST', headers, body }
      const response = await fetch(`${app.url}${path}`, init)
      return { status: response.status, challenge: response.headers.get('www-authenticate') }
    }
    const rejected = {
      status: 400,
      challenge:
        'Bearer realm="api", error="invalid_request", error_description="The request contains more than one access token"',
    }
    for (const query of [
      `access_token=${token}`,
      'access_token=',
      'access_token',
      'a=1&access_token=x&access_token=y',
      'access%5Ftoken=x',
    ]) {
      t.strictSame(await ask(`/api/private?${query}`), rejected, query)
    }
    t.strictSame(await ask('/things?access_token=x', { title: 'a' }), rejected)
    const form = { title: 'a', date: '2026-11-21' }
    for (const access_token of [token, ''])
      t.strictSame(await ask('/things', { ...form, access_token }), rejected)
    t.strictSame(
      await ask('/things', 'title=a&access_token=x', 'Application/X-WWW-Form-Urlencoded; charset=utf-8'),
      rejected,
    )
    t.match(await ask('/things', form), { status: 201 })
    t.match(
      await ask('/things', '{"title":"a","access_token":"x"}', 'application/json'),
      { status: 400, challenge: null },
      'JSON has no such field, and cannot carry a token',
    )
    t.match(await ask('/api/private?access_tokens=x'), { status: 200 })
    t.match(await ask('/api/public?access_token=x'), { status: 200 }, 'a public route')
  },
)

t.test('request.token is the verified token on guarded routes and null on public ones', async (t) => {
  const issuer = await TestIssuer.start(t)
  const app = await buildApp(t, issuer, {
    extend: (instance) => {
      instance.get('/guarded', { preHandler: instance.authenticate }, async ({ token }) => ({
        sub: token?.subject,
      }))
      instance.get('/open', { config: { public: true } }, async ({ token }) => ({ token }))
    },
  })
  const headers = bearer(await issuer.sign({ sub: 'auth0|7' }))
  t.same((await app.inject({ url: '/guarded', headers })).json(), { sub: 'auth0|7' })
  t.same((await app.inject({ url: '/open', headers })).json(), { token: null })
})

t.test('jwtVerify of @fastify/jwt, which accepts too much, is disabled', async (t) => {
  const issuer = await TestIssuer.start(t)
  const app = await buildApp(t, issuer, {
    expectsErrors: true,
    extend: (instance) => {
      instance.get('/unsafe', { config: { public: true } }, async (request) => request.jwtVerify())
    },
  })
  const response = await app.inject({ url: '/unsafe', headers: bearer(await issuer.sign()) })
  t.not(response.statusCode, 200)
})

t.test('a key rotation rejects no valid token', async (t) => {
  const { issuer, status } = await startService(t)
  const before = await issuer.sign()
  t.equal(await status(before), 200)
  await issuer.addKey('key-2')
  const after = await issuer.sign()
  t.equal(await status(after), 200, 'a token of the new key')
  t.equal(await status(before), 200, 'a token of the old key')
  t.equal(issuer.keySetRequests, 2)
})

t.test('the tokens of a removed key are rejected, cached ones included', async (t) => {
  const { issuer, status } = await startService(t)
  const clock = moveClock(t)
  const token = await issuer.sign()
  t.equal(await status(token), 200)
  await issuer.addKey('key-2')
  issuer.removeKey('key-1')
  t.equal(await status(token), 200, 'within ten minutes')
  clock.set(10 * MINUTE_MS)
  t.equal(await status(token), 200, 'this request starts the renewal without waiting')
  t.equal(await status(await issuer.sign()), 200)
  t.equal(await status(token), 401)
})

t.test('an issuer that fails', async (t) => {
  const ways: Record<string, (response: ServerResponse, chunk: string) => void> = {
    hangs: () => {},
    'answers 500': (response) => response.writeHead(500).end('{}'),
    'answers HTML': (response) => response.end('<html>'),
    'answers another shape': (response) => response.end('{"keys":7}'),
    'cuts the connection': (response) => response.destroy(),
  }
  for (const [way, misbehave] of Object.entries(ways)) {
    await t.test(`and ${way}: known keys stay usable without delay up to 24 hours`, async (t) => {
      const { issuer, status, app } = await startService(t)
      const clock = moveClock(t)
      const token = await issuer.sign({ exp: Math.floor(Date.now() / 1000) + 100 * 3600 })
      t.equal(await status(token), 200)
      issuer.misbehaviour = (_request, response) => misbehave(response, '')
      for (const hours of [1, 12, 23.9]) {
        clock.set(hours * HOUR_MS)
        t.equal(await status(token), 200, `after ${hours} hours`)
        t.equal(await status(await issuer.sign({ jti: hours, iat: undefined })), 200, 'a new token')
      }
      issuer.misbehaviour = undefined
      t.notOk(app.logLines.some(({ level }) => level >= 50))
    })
  }

  await t.test('is 503 with Retry-After, without any of the issuer’s response', async (t) => {
    const { issuer, get, status, app } = await startService(t)
    const clock = moveClock(t)
    issuer.misbehaviour = (_request, response) => response.writeHead(502).end('secret upstream words')
    await issuer.addKey('key-2') // not known yet
    const token = await issuer.sign()
    const response = await get(token)
    t.equal(response.status, 503)
    t.equal(response.headers.get('retry-after'), '5')
    t.equal(response.headers.get('www-authenticate'), null)
    t.same(await response.json(), {
      statusCode: 503,
      code: 'issuer_unavailable',
      error: 'Service Unavailable',
      message: 'The identity provider cannot be reached',
    })
    t.ok(app.logLines.some(({ level, msg }) => level === 40 && msg.includes('key set not fetched')))
    t.equal(await status('invalidToken'), 401, 'a malformed token is rejected without the issuer')
    issuer.misbehaviour = undefined
    clock.set(6000)
    t.equal(await status(token), 200, 'after the cooldown')
  })

  await t.test('and stays unavailable beyond the limit: no key is trusted', async (t) => {
    const { issuer, status } = await startService(t, { JWKS_MAX_STALE_HOURS: '2' })
    const clock = moveClock(t)
    const token = await issuer.sign({ exp: Math.floor(Date.now() / 1000) + 100 * 3600 })
    t.equal(await status(token), 200)
    await issuer.stop()
    clock.set(1.9 * HOUR_MS)
    t.equal(await status(token), 200)
    clock.set(2 * HOUR_MS)
    t.equal(await status(token), 503)
    await issuer.listen()
    clock.set(2 * HOUR_MS + MINUTE_MS)
    t.equal(await status(token), 200)
  })
})

t.test('tokens of several issuers and audiences are accepted, and no others', async (t) => {
  const [one, two, foreign] = [
    await TestIssuer.start(t),
    await TestIssuer.start(t),
    await TestIssuer.start(t),
  ]
  const environment = { AUTH0_DOMAIN: `${one.url}, ${two.url}`, AUTH0_AUDIENCE: 'api-a,api-b' }
  const { url } = await listen(t, one, { environment })
  const status = async (token: string) =>
    (await fetch(`${url}/api/private`, { headers: bearer(token) })).status
  t.equal(await status(await one.sign({ aud: 'api-a' })), 200)
  t.equal(await status(await two.sign({ aud: ['other', 'api-b'] })), 200)
  t.equal(await status(await one.sign({ aud: 'api-c' })), 401)
  t.equal(await status(await foreign.sign({ aud: 'api-a' })), 401)
  t.equal(foreign.keySetRequests, 0, 'an issuer that is not configured gets no request')
  t.equal(await status(await two.sign({ aud: 'api-a', iss: one.url })), 401, 'signed by the other issuer')
  await one.stop()
  t.equal(
    await status(await two.sign({ aud: 'api-a', jti: 'new' })),
    200,
    'while the other issuer is unavailable',
  )
})

t.test('every configured algorithm is accepted, and no other', async (t) => {
  const { issuer, status } = await startService(t, { AUTH_ALGORITHMS: 'ES256,EdDSA,PS256' })
  t.equal(await status(await issuer.sign()), 401, 'RS256')
  for (const algorithm of ['ES256', 'EdDSA', 'PS256']) {
    await issuer.addKey(`key-${algorithm}`, algorithm)
    t.equal(await status(await issuer.sign({ jti: algorithm })), 200, algorithm)
  }
})

t.test('Ed25519 and EdDSA are names of one algorithm, in the configuration and in tokens', async (t) => {
  for (const AUTH_ALGORITHMS of ['Ed25519', 'EdDSA']) {
    const { issuer, status } = await startService(t, { AUTH_ALGORITHMS })
    const key = await issuer.addKey('key-ed25519', 'EdDSA')
    for (const alg of ['Ed25519', 'EdDSA']) {
      const token = issuer.signRaw(issuer.header({ alg }, key), issuer.claims(), key)
      t.equal(await status(token), 200, `${AUTH_ALGORITHMS}, ${alg}`)
    }
    t.equal(await status(await issuer.sign({}, {}, issuer.keys[0])), 401, 'RS256')
  }
})

t.test('TOKEN_CACHE_MAX bounds the cached tokens; every token is still accepted', async (t) => {
  const { issuer, app, status } = await startService(t, { TOKEN_CACHE_MAX: '2' })
  const tokens = await Promise.all(['a', 'b', 'c'].map((sub) => issuer.sign({ sub })))
  for (const token of [...tokens, ...tokens, ...tokens]) t.equal(await status(token), 200)
  t.equal(app.verifier.cacheSize, 2)
})
