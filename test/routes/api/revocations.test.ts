import type { InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import { bearer, buildApp } from '../../helpers/app.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

const scope = 'create:revocations read:revocations delete:revocations'

async function start(t: Test, url = 'file::memory:') {
  await prepare(url)
  const [issuer, other] = [await TestIssuer.start(t), await TestIssuer.start(t)]
  const environment = { DATABASE_URL: url, AUTH0_DOMAIN: `${issuer.url},${other.url}` }
  const app = await buildApp(t, issuer, { environment })
  const call = async (
    method: NonNullable<InjectOptions['method']>,
    path: string,
    payload?: object,
    claims: object = {},
    by = issuer,
  ) => {
    const headers = bearer(await by.sign({ sub: 'admin@clients', azp: 'admin', scope, ...claims }))
    const answer = await app.inject({ method, url: path, headers, ...(payload ? { payload } : {}) })
    const body = answer.body === '' ? undefined : answer.json()
    return { status: answer.statusCode, headers: answer.headers, body }
  }
  const revoke = (payload: object) => call('POST', '/api/revocations', { issuer: issuer.url, ...payload })
  const use = async (token: string) => {
    const answer = await app.inject({ url: '/api/private', headers: bearer(token) })
    return answer.statusCode
  }
  return { issuer, other, app, call, revoke, use }
}

onEachDatabase(t, 'a revoked token is 401 at once, and accepted again after the removal', async (t, url) => {
  const { issuer, app, call, revoke, use } = await start(t, url)
  const iat = Math.floor(Date.now() / 1000) - 60
  const token = await issuer.sign({ sub: 'ada', sid: 's-1', jti: 'j-1', azp: 'app', iat })
  for (const [field, value, kind] of [
    ['tokenId', 'j-1', 'jti'],
    ['sid', 's-1', 'sid'],
    ['subject', 'ada', 'sub'],
    ['clientId', 'app', 'client'],
  ] as const) {
    t.equal(await use(token), 200)
    const { status, headers, body } = await revoke({ [field]: value, reason: 'theft' })
    t.equal(status, 201)
    t.equal(headers.location, `/api/revocations/${body.id}`)
    t.match(body, { issuer: issuer.url, kind, reason: 'theft' })
    t.notMatch(JSON.stringify(body), value === 'app' ? /"app"/ : value)
    const refused = await app.inject({ url: '/api/private', headers: bearer(token) })
    t.equal(refused.statusCode, 401)
    t.match(refused.json(), { code: 'invalid_token', message: 'The token was revoked' })
    t.match(
      String(refused.headers['www-authenticate']),
      'error="invalid_token", error_description="The token was revoked"',
    )
    const other = await issuer.sign({ sub: 'bob', sid: 's-2', jti: 'j-2', azp: 'bobs', iat })
    t.equal(await use(other), 200, 'other tokens are accepted')
    t.match(await call('DELETE', `/api/revocations/${body.id}`), { status: 204, body: undefined })
  }
  t.equal(await use(token), 200)
})

t.test('tokens issued after the cutoff are accepted', async (t) => {
  const { issuer, revoke, use } = await start(t)
  const now = Math.floor(Date.now() / 1000)
  const [early, late] = [await issuer.sign({ iat: now - 61 }), await issuer.sign({ iat: now - 60 })]
  const before = new Date((now - 60) * 1000).toISOString()
  t.match(await revoke({ subject: 'auth0|1', before }), { status: 201, body: { before } })
  t.strictSame([await use(early), await use(late)], [401, 200])
  t.equal((await revoke({ subject: 'auth0|1' })).status, 201)
  t.equal(await use(late), 401)
  t.equal(await use(await issuer.sign({ iat: now + 2 })), 200)
  t.equal(await use(await issuer.sign({ iat: undefined })), 401, 'a token without iat')
})

t.test('a request that does not name tokens in one way is 400', async (t) => {
  const { revoke, call } = await start(t)
  const future = new Date(Date.now() + 60_000).toISOString()
  for (const [payload, field] of [
    [{}, 'body'],
    [{ subject: 'a', sid: 'b' }, 'body'],
    [{ subject: '' }, 'subject'],
    [{ subject: 'x'.repeat(256) }, 'subject'],
    [{ subject: 'a', before: 'yesterday' }, 'before'],
    [{ subject: 'a', before: future }, 'before'],
    [{ sid: 'a', before: '2026-11-26T10:00:00Z' }, 'body'],
    [{ tokenId: 'a', before: '2026-11-26T10:00:00Z' }, 'body'],
    [{ subject: 'a', jti: 'b' }, 'jti'],
    [{ issuer: undefined, subject: 'a' }, 'issuer'],
  ] as const) {
    const { status, body } = await revoke(payload)
    t.match({ status, body }, { status: 400, body: { code: 'validation_failed' } }, JSON.stringify(payload))
    t.ok(
      body.validation.some((fault: { field: string }) => fault.field === field),
      field,
    )
  }
  t.strictSame((await call('GET', '/api/revocations')).body, [])
})

t.test('revocations are listed in pages', async (t) => {
  const { revoke, call } = await start(t)
  for (const sid of ['a', 'b', 'c']) await revoke({ sid })
  const ids = ({ body }: { body: { id: number }[] }) => body.map(({ id }) => id)
  const first = await call('GET', '/api/revocations?limit=2')
  t.strictSame(ids(first), [1, 2])
  t.equal(first.headers.link, '</api/revocations?limit=2&cursor=2>; rel="next"')
  t.strictSame(ids(await call('GET', '/api/revocations?limit=2&cursor=2')), [3])
  t.match(await call('DELETE', '/api/revocations/4'), { status: 404, body: { code: 'not_found' } })
})

t.test('a token revokes tokens of its own issuer only', async (t) => {
  const { issuer, other, revoke, call, use } = await start(t)
  await revoke({ sid: 'a' })
  t.strictSame((await call('GET', '/api/revocations', undefined, {}, other)).body, [])
  t.equal((await call('DELETE', '/api/revocations/1', undefined, {}, other)).status, 404)
  const payload = { issuer: issuer.url, subject: 'auth0|1' }
  t.match(await call('POST', '/api/revocations', payload, {}, other), {
    status: 403,
    body: { code: 'insufficient_permissions' },
  })
  t.equal(await use(await issuer.sign()), 200)
})

t.test('each route needs its own scope', async (t) => {
  const { issuer, call } = await start(t)
  for (const [method, path, needed, payload] of [
    ['GET', '/api/revocations', 'read:revocations', undefined],
    ['POST', '/api/revocations', 'create:revocations', { issuer: issuer.url, sid: 'a' }],
    ['DELETE', '/api/revocations/1', 'delete:revocations', undefined],
  ] as const) {
    const others = { scope: scope.replace(needed, '').trim() }
    t.match(await call(method, path, payload, others), { status: 403, body: { code: 'insufficient_scope' } })
    t.not((await call(method, path, payload, { scope: needed })).status, 403)
  }
})
