import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { ServiceError } from '../../../src/errors/catalogue.ts'
import { storeErrors } from '../../../src/plugins/store/errors.ts'
import { deleteUser, findUser, listUsers } from '../../../src/plugins/store/tables/users.ts'
import { PROFILE_RETRY_MS } from '../../../src/plugins/users/user-cache.ts'
import { type BuildOptions, bearer, buildApp, type TestApp } from '../../helpers/app.ts'
import { moveClock } from '../../helpers/clock.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { AUDIENCE, TestIssuer } from '../../helpers/issuer.ts'

const count = async ({ store, issuers }: FastifyInstance) => {
  const pages = [...issuers.keys()].map((issuer) => listUsers(store, issuer, { cursor: 0, limit: 1000 }))
  return (await Promise.all(pages)).flatMap(({ items }) => items).length
}

async function start(t: Test, url: string, options: BuildOptions = {}) {
  await prepare(url)
  const issuer = await TestIssuer.start(t)
  const environment = { DATABASE_URL: url, ...options.environment }
  const app = await buildApp(t, issuer, { ...options, environment })
  return { issuer, app }
}

async function me(app: TestApp, token: string) {
  const answer = await app.inject({ url: '/api/users/me', headers: bearer(token) })
  return { status: answer.statusCode, body: answer.json() }
}

onEachDatabase(
  t,
  '50 concurrent first requests create one user for one token subject, 50 users for 50 subjects',
  async (t, url) => {
    const { issuer, app } = await start(t, url)
    const token = await issuer.sign({ sub: 'auth0|one' })
    const same = await Promise.all(Array.from({ length: 50 }, () => me(app, token)))
    t.strictSame([...new Set(same.map(({ status, body }) => `${status} ${body.id}`))], ['200 1'])
    t.equal(await count(app), 1)

    const tokens = await Promise.all(
      Array.from({ length: 50 }, (_, index) => issuer.sign({ sub: `auth0|${index}` })),
    )
    const others = await Promise.all(tokens.map((token) => me(app, token)))
    for (const { status } of others) t.equal(status, 200)
    t.equal(new Set(others.map(({ body }) => body.id)).size, 50)
    t.equal(await count(app), 51)
  },
)

onEachDatabase(t, '50 concurrent first requests at two replicas create one user', async (t, url) => {
  const { issuer, app } = await start(t, url)
  const replica = await buildApp(t, issuer, { environment: { DATABASE_URL: url } })
  const token = await issuer.sign()
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => me(index % 2 ? app : replica, token)),
  )
  for (const { status } of answers) t.equal(status, 200)
  t.equal(new Set(answers.map(({ body }) => body.id)).size, 1)
  t.equal(await count(app), 1)
})

onEachDatabase(t, 'the same subject at two issuers is two users', async (t, url) => {
  const [first, second] = [await TestIssuer.start(t), await TestIssuer.start(t)]
  await prepare(url)
  const environment = { DATABASE_URL: url, AUTH0_DOMAIN: `${first.url},${second.url}` }
  const app = await buildApp(t, first, { environment })
  const [one, other] = [await me(app, await first.sign()), await me(app, await second.sign())]
  t.match(
    [one.body, other.body],
    [
      { id: 1, issuer: first.url, subject: 'auth0|1' },
      { id: 2, issuer: second.url, subject: 'auth0|1' },
    ],
  )
})

t.test('only a route with app.loadUser loads the user and uses the database', async (t) => {
  const issuer = await TestIssuer.start(t)
  const app = await buildApp(t, issuer, {
    expectsErrors: true,
    extend: (app) => {
      app.get('/with', { preHandler: [app.authenticate, app.loadUser] }, async ({ user }) => user)
      app.get('/without', { preHandler: app.authenticate }, async ({ user }) => ({ user }))
    },
  })
  const headers = bearer(await issuer.sign())
  t.strictSame((await app.inject({ url: '/without', headers })).json(), { user: null })
  t.equal(await count(app), 0)
  t.match((await app.inject({ url: '/with', headers })).json(), { id: 1, subject: 'auth0|1' })
  t.equal((await app.inject('/with')).statusCode, 401)
})

t.test('a user deleted by another process gets one 409, and is a new user at the next request', async (t) => {
  const { issuer, app } = await start(t, 'file::memory:', {
    extend: (app) => {
      app.get('/row', { preHandler: [app.authenticate, app.loadUser] }, async ({ user }) => {
        const row = await findUser(app.store, issuer.url, user.id)
        if (!row) throw new ServiceError(storeErrors.userDeleted)
        return row
      })
    },
  })
  const headers = bearer(await issuer.sign())
  const get = async () => (await app.inject({ url: '/row', headers })).json()
  t.match(await get(), { id: 1 })
  await deleteUser(app.store, issuer.url, 1) // as another process does
  t.match(await get(), { statusCode: 409, code: 'user_deleted' })
  t.match(await get(), { id: 2 })
})

t.test('the profile is requested from the issuer once', async (t) => {
  const { issuer, app } = await start(t, 'file::memory:')
  issuer.userinfo = answer({ sub: 'auth0|1', email: 'ada@example.com', email_verified: true, name: 'Ada' })
  const token = await issuer.sign({ aud: [AUDIENCE, `${issuer.url}userinfo`], scope: 'openid' })
  const profile = { email: 'ada@example.com', emailVerified: true, name: 'Ada', picture: null }
  const answers = await Promise.all(Array.from({ length: 20 }, () => me(app, token)))
  for (const { body } of answers) t.match(body, profile)
  t.match(await me(app, token), { body: profile })
  t.strictSame(issuer.userinfoRequests, [`Bearer ${token}`])
})

t.test('the token of a machine is not sent to the issuer', async (t) => {
  const { issuer, app } = await start(t, 'file::memory:')
  t.match(await me(app, await issuer.sign({ sub: 'client@clients', gty: 'client-credentials' })), {
    status: 200,
    body: { subject: 'client@clients', email: null },
  })
  t.strictSame(issuer.userinfoRequests, [])
})

for (const [what, misbehave] of Object.entries<TestIssuer['userinfo']>({
  'limits its callers': (_request, response) => response.writeHead(429, { 'retry-after': '60' }).end(),
  'answers 500': (_request, response) => response.writeHead(500).end('secret'),
  'answers with another subject': answer({ sub: 'auth0|2', email: 'eve@example.com' }),
  'answers with HTML': (_request, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html>'),
  hangs: () => {},
})) {
  t.test(`an issuer that ${what} leaves the user without a profile until the next look-up`, async (t) => {
    const clock = moveClock(t)
    const { issuer, app } = await start(t, 'file::memory:')
    issuer.userinfo = misbehave
    const token = await issuer.sign({ scope: 'openid', exp: Math.floor(Date.now() / 1000) + 86_400 })
    t.match(await me(app, token), { status: 200, body: { subject: 'auth0|1', email: null, name: null } })
    t.match(
      app.logLines.filter(({ level }) => level === 40),
      [{ issuer: issuer.url, msg: /retried later/ }],
    )
    t.notMatch(JSON.stringify(app.logLines), new RegExp(token))

    issuer.userinfo = answer({ sub: 'auth0|1', email: 'ada@example.com' })
    t.match(await me(app, token), { status: 200, body: { email: null } })
    clock.set(PROFILE_RETRY_MS - 10_000)
    t.match(await me(app, token), { status: 200, body: { email: null } })
    t.equal(issuer.userinfoRequests.length, 1)
    clock.set(PROFILE_RETRY_MS + 10_000)
    t.match(await me(app, token), { status: 200, body: { email: 'ada@example.com' } })
    t.equal(issuer.userinfoRequests.length, 2)
  })
}

t.test('USER_CACHE_MAX bounds the cached users; every user is still loaded', async (t) => {
  const { issuer, app } = await start(t, 'file::memory:', { environment: { USER_CACHE_MAX: '1' } })
  for (const subject of ['a', 'b', 'a'])
    t.match(await me(app, await issuer.sign({ sub: subject })), { status: 200, body: { subject } })
  const isCached = (subject: string) =>
    !(app.userCache.load({ issuer: issuer.url, subject }, undefined, Date.now()) instanceof Promise)
  t.ok(isCached('a'))
  t.notOk(isCached('b'))
})

function answer(claims: object): TestIssuer['userinfo'] {
  return (_request, response: ServerResponse) => response.end(JSON.stringify(claims))
}
