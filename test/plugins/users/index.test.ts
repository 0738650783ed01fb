import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { ServiceError } from '../../../src/errors/catalogue.ts'
import { storeErrors } from '../../../src/plugins/store/errors.ts'
import { requireUser } from '../../../src/plugins/store/tables/user.ts'
import { deleteUser, findUser, listUsers } from '../../../src/plugins/store/tables/users.ts'
import { PROFILE_RETRY_MS } from '../../../src/plugins/users/user-cache.ts'
import { type BuildOptions, bearer, buildApp, type TestApp } from '../../helpers/app.ts'
import { moveClock } from '../../helpers/clock.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { AUDIENCE, TestIssuer } from '../../helpers/issuer.ts'

const count = async ({ store }: FastifyInstance) =>
  (await listUsers(store, { cursor: 0, limit: 1000 })).items.length

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

onEachDatabase(t, '50 first requests at once of one new person make one, of 50 make 50', async (t, url) => {
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
})

onEachDatabase(t, '50 first requests at once at two replicas make one person', async (t, url) => {
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

onEachDatabase(t, 'two issuers with the same subject have two people', async (t, url) => {
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

t.test(
  'only a route that asks for it knows its user, and a database that is down is no matter to others',
  async (t) => {
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
  },
)

t.test(
  'a user who was deleted elsewhere is told so once, and is somebody new with the next request',
  async (t) => {
    const { issuer, app } = await start(t, 'file::memory:', {
      extend: (app) => {
        app.get('/things', { preHandler: [app.authenticate, app.loadUser] }, async ({ user }) => {
          const { id } = requireUser(user)
          if (!(await findUser(app.store, id))) throw new ServiceError(storeErrors.userDeleted)
          return { user: id }
        })
      },
    })
    const headers = bearer(await issuer.sign())
    const get = async () => (await app.inject({ url: '/things', headers })).json()
    t.match(await get(), { user: 1 })
    await deleteUser(app.store, 1) // as another replica does
    t.match(await get(), { statusCode: 409, code: 'user_deleted' })
    t.match(await get(), { user: 2 })
  },
)

t.test('the profile comes from the issuer, once', async (t) => {
  const { issuer, app } = await start(t, 'file::memory:')
  issuer.userinfo = answer({ sub: 'auth0|1', email: 'ada@example.com', email_verified: true, name: 'Ada' })
  const token = await issuer.sign({ aud: [AUDIENCE, `${issuer.url}userinfo`], scope: 'openid' })
  const profile = { email: 'ada@example.com', emailVerified: true, name: 'Ada', picture: null }
  const answers = await Promise.all(Array.from({ length: 20 }, () => me(app, token)))
  for (const { body } of answers) t.match(body, profile)
  t.match(await me(app, token), { body: profile })
  t.strictSame(issuer.userinfoRequests, [`Bearer ${token}`])
})

t.test('a machine’s token is not shown to the issuer', async (t) => {
  const { issuer, app } = await start(t, 'file::memory:')
  t.match(await me(app, await issuer.sign({ sub: 'client@clients', gty: 'client-credentials' })), {
    status: 200,
    body: { subject: 'client@clients', email: null },
  })
  t.strictSame(issuer.userinfoRequests, [])
})

for (const [what, misbehave] of Object.entries<TestIssuer['userinfo']>({
  'has had enough': (_request, response) => response.writeHead(429, { 'retry-after': '60' }).end(),
  'is broken': (_request, response) => response.writeHead(500).end('secret'),
  'speaks of somebody else': answer({ sub: 'auth0|2', email: 'eve@example.com' }),
  'answers with a page': (_request, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html>'),
  hangs: () => {},
})) {
  t.test(`an issuer that ${what} costs the person their profile, until it is asked again`, async (t) => {
    const clock = moveClock(t)
    const { issuer, app } = await start(t, 'file::memory:')
    issuer.userinfo = misbehave
    const token = await issuer.sign({ scope: 'openid', exp: Math.floor(Date.now() / 1000) + 86_400 })
    const start_ = performance.now()
    t.match(await me(app, token), { status: 200, body: { subject: 'auth0|1', email: null, name: null } })
    const ms = performance.now() - start_
    t.ok(ms < 5_000, `${ms} ms`)
    t.match(
      app.logLines.filter(({ level }) => level === 40),
      [{ issuer: issuer.url, msg: /asked again later/ }],
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

function answer(claims: object): TestIssuer['userinfo'] {
  return (_request, response: ServerResponse) => response.end(JSON.stringify(claims))
}
