import type { InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import { bearer, buildApp, METADATA } from '../../helpers/app.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

const everything = 'read:users create:users delete:users'

async function start(t: Test, url: string) {
  await prepare(url)
  const issuer = await TestIssuer.start(t)
  const app = await buildApp(t, issuer, { environment: { DATABASE_URL: url } })
  const call = async (
    method: NonNullable<InjectOptions['method']>,
    path: string,
    { claims = {}, payload }: { claims?: object; payload?: object } = {},
  ) => {
    const headers = bearer(await issuer.sign({ sub: 'client@clients', scope: everything, ...claims }))
    const answer = await app.inject({ method, url: path, headers, ...(payload ? { payload } : {}) })
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: answer.body === '' ? undefined : answer.json(),
    }
  }
  const me = (sub: string) => call('GET', '/api/users/me', { claims: { sub, scope: undefined } })
  const register = (payload: object) =>
    call('POST', '/api/users', { payload: { issuer: issuer.url, ...payload } })
  return { issuer, app, call, me, register }
}

onEachDatabase(t, '/api/users/me returns the caller, whatever the scope', async (t, url) => {
  const { issuer, me } = await start(t, url)
  const { status, body } = await me('google-oauth2|999')
  t.equal(status, 200)
  const { createdAt, lastSeenAt, ...rest } = body
  t.strictSame(rest, {
    id: 1,
    issuer: issuer.url,
    subject: 'google-oauth2|999',
    username: 'google-oauth2.999',
    email: null,
    emailVerified: null,
    name: null,
    picture: null,
  })
  t.ok(Math.abs(Date.parse(createdAt) - Date.now()) < 60_000)
  t.equal(lastSeenAt, createdAt)
  t.equal((await me('auth0|999')).body.id, 2, 'subjects with the same end are different users')
})

onEachDatabase(
  t,
  'a caller with read:users can list all users in pages, and get each one',
  async (t, url) => {
    const { call, me } = await start(t, url)
    for (const sub of ['a', 'b', 'c']) await me(sub)
    const subjects = ({ body }: { body: { subject: string }[] }) => body.map(({ subject }) => subject)
    t.strictSame(subjects(await call('GET', '/api/users')), ['a', 'b', 'c'])
    const first = await call('GET', '/api/users?limit=2')
    t.strictSame(subjects(first), ['a', 'b'])
    t.equal(first.headers.link, '</api/users?limit=2&cursor=2>; rel="next"')
    const second = await call('GET', '/api/users?limit=2&cursor=2')
    t.strictSame(subjects(second), ['c'])
    t.equal(second.headers.link, undefined)
    t.match(await call('GET', '/api/users?limit=0'), {
      status: 400,
      body: { validation: [{ field: 'limit' }] },
    })

    t.match(await call('GET', '/api/users/2'), { status: 200, body: { id: 2, subject: 'b' } })
    for (const id of ['4', '0', 'b', '99999999999999999999']) {
      t.match(await call('GET', `/api/users/${id}`), { status: 404, body: { code: 'not_found' } }, id)
    }
  },
)

onEachDatabase(t, 'a user is registered once, and keeps the id at the first visit', async (t, url) => {
  const { register, call, me } = await start(t, url)
  const profile = {
    email: 'ada@example.com',
    emailVerified: false,
    name: 'Ada',
    picture: 'https://example.com/a.png',
  }
  const created = await register({ subject: 'auth0|ada', ...profile })
  t.match(created, {
    status: 201,
    headers: { location: '/api/users/1' },
    body: { id: 1, subject: 'auth0|ada', ...profile, lastSeenAt: null },
  })
  const again = await register({ subject: 'auth0|ada', ...profile, name: 'Eve' })
  t.strictSame([again.status, again.body], [200, created.body])
  t.equal(again.headers.location, undefined)
  t.match(await me('auth0|ada'), { status: 200, body: { id: 1, ...profile, lastSeenAt: String } })

  t.match(await register({ subject: 'auth0|bob', email: profile.email }), { status: 201, body: { id: 2 } })
  t.equal((await call('GET', '/api/users')).body.length, 2, 'users with the same email address are different')
})

onEachDatabase(t, 'registering an existing user adds the profile', async (t, url) => {
  const { register, me } = await start(t, url)
  t.match(await me('auth0|ada'), { body: { id: 1, email: null } })
  t.match(await register({ subject: 'auth0|ada', email: 'ada@example.com' }), {
    status: 200,
    body: { id: 1, email: 'ada@example.com' },
  })
  t.match(await me('auth0|ada'), { body: { id: 1, email: 'ada@example.com' } })
})

t.test('a registration needs a configured issuer and valid fields', async (t) => {
  const { issuer, register, call } = await start(t, 'file::memory:')
  for (const [payload, field] of [
    [{ subject: 'a', issuer: 'https://other.test/' }, 'issuer'],
    [{ subject: 'a', issuer: issuer.url.slice(0, -1) }, 'issuer'],
    [{ subject: 'a', issuer: undefined }, 'issuer'],
    [{}, 'subject'],
    [{ subject: '' }, 'subject'],
    [{ subject: 5 }, 'subject'],
    [{ subject: 'x'.repeat(256) }, 'subject'],
    [{ subject: 'a\0b' }, 'subject'],
    [{ subject: 'auth0|\ud800' }, 'subject'],
    [{ subject: 'a', name: '\udfff' }, 'name'],
    [{ subject: 'a', email: 'x'.repeat(321) }, 'email'],
    [{ subject: 'a', emailVerified: 'yes' }, 'emailVerified'],
    [{ subject: 'a', name: 7 }, 'name'],
    [{ subject: 'a', picture: '' }, 'picture'],
  ] as const) {
    t.match(
      await register(payload),
      { status: 400, body: { validation: [{ field }] } },
      JSON.stringify(payload),
    )
  }
  t.equal((await call('GET', '/api/users')).body.length, 0)
})

onEachDatabase(t, 'a deleted user is not found, and earlier tokens are refused', async (t, url) => {
  const { call, me } = await start(t, url)
  await me('auth0|ada')
  const removed = await call('DELETE', '/api/users/1')
  t.strictSame([removed.status, removed.body], [204, undefined])
  t.match(await call('DELETE', '/api/users/1'), { status: 404, body: { code: 'not_found' } })
  t.match(await call('DELETE', '/api/users/none'), { status: 404 })
  t.match(await call('GET', '/api/users/1'), { status: 404 })
  t.match(await me('auth0|ada'), { status: 401, body: { message: 'The token was revoked' } })
  const iat = Math.floor(Date.now() / 1000) + 2
  const again = await call('GET', '/api/users/me', { claims: { sub: 'auth0|ada', iat } })
  t.match(again, { status: 200, body: { id: 2 } }, 'a new token makes a new user')
})

t.test('each route needs its own scope, and a permission does not replace it', async (t) => {
  const { app, call } = await start(t, 'file::memory:')
  for (const [method, path, scope] of [
    ['GET', '/api/users', 'read:users'],
    ['GET', '/api/users/1', 'read:users'],
    ['POST', '/api/users', 'create:users'],
    ['DELETE', '/api/users/1', 'delete:users'],
  ] as const) {
    const payload = method === 'POST' ? { issuer: app.config.LOGIN_ISSUER, subject: 'a' } : undefined
    const others = everything.replace(scope, '').trim()
    for (const claims of [
      { scope: undefined },
      { scope: others },
      { scope: undefined, permissions: [scope] },
    ]) {
      t.match(await call(method, path, { claims, ...(payload ? { payload } : {}) }), {
        status: 403,
        headers: { 'www-authenticate': new RegExp(`, scope="${scope}", ${METADATA}$`) },
        body: { code: 'insufficient_scope' },
      })
    }
    t.equal((await app.inject({ method, url: path })).statusCode, 401)
    t.not((await call(method, path, { claims: { scope }, ...(payload ? { payload } : {}) })).status, 403)
  }
})

onEachDatabase(t, 'a token manages the users of its own issuer only', async (t, url) => {
  await prepare(url)
  const [a, b] = [await TestIssuer.start(t), await TestIssuer.start(t)]
  const environment = { DATABASE_URL: url, AUTH0_DOMAIN: `${a.url},${b.url}` }
  const app = await buildApp(t, a, { environment })
  const call = async (
    issuer: TestIssuer,
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    payload?: object,
  ) => {
    const headers = bearer(await issuer.sign({ sub: 'client@clients', scope: everything }))
    return app.inject({ method, url: path, headers, ...(payload ? { payload } : {}) })
  }
  const planted = { issuer: a.url, subject: 'auth0|ada', email: 'ada@example.com', emailVerified: true }
  t.equal((await call(a, 'POST', '/api/users', { ...planted, subject: 'auth0|1' })).statusCode, 201)

  t.strictSame((await call(b, 'GET', '/api/users')).json(), [])
  t.equal((await call(b, 'GET', '/api/users/1')).statusCode, 404)
  t.equal((await call(b, 'DELETE', '/api/users/1')).statusCode, 404)
  const refused = await call(b, 'POST', '/api/users', planted)
  t.strictSame([refused.statusCode, refused.json().code], [403, 'insufficient_permissions'])
  t.match(refused.headers['www-authenticate'], /error="insufficient_scope"/)

  t.equal((await call(a, 'GET', '/api/users')).json().length, 1)
  t.equal((await call(a, 'DELETE', '/api/users/1')).statusCode, 204)
})
