import t, { type Test } from 'tap'
import { createSession } from '../../../src/plugins/store/tables/sessions.ts' // part: web-app
import { bearer, buildApp } from '../../helpers/app.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

const everything = 'read:users create:users delete:users read:audit'

async function start(t: Test, url: string) {
  await prepare(url)
  const [issuer, other] = [await TestIssuer.start(t), await TestIssuer.start(t)]
  const environment = { DATABASE_URL: url, AUTH0_DOMAIN: `${issuer.url},${other.url}` }
  const app = await buildApp(t, issuer, { environment })
  const call = async (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    claims: object = {},
    from = issuer,
  ) => {
    const headers = bearer(await from.sign({ sub: 'auth0|admin', scope: everything, ...claims }))
    const { statusCode, headers: answered, body } = await app.inject({ method, url: path, headers })
    return { status: statusCode, link: answered.link, body: body === '' ? undefined : JSON.parse(body) }
  }
  const register = async (subject: string, profile: object = {}) => {
    const headers = bearer(await issuer.sign({ sub: 'c', scope: everything }))
    const payload = { issuer: issuer.url, subject, ...profile }
    return (await app.inject({ method: 'POST', url: '/api/users', headers, payload })).json().id as number
  }
  // part: web-app
  const addSession = (user: number, idHash: string, createdAt = Date.now()) => {
    const session = { user, idHash, sid: null, contents: '', createdAt, expiresAt: createdAt + 3_600_000 }
    return createSession(app.store, session)
  }
  // end
  return {
    ...{ app, issuer, other, call, register },
    addSession, // part: web-app
  }
}

onEachDatabase(t, 'users are searched by the start of email address or name, in pages', async (t, url) => {
  const { call, register } = await start(t, url)
  for (const [subject, name] of [
    ['a', 'Ada'],
    ['b', 'Bob'],
    ['c', 'adam & eve'],
  ] as const)
    await register(subject, { name, email: `${subject}@example.com` })
  const first = await call('GET', '/api/users?search=ada&limit=1')
  t.match(first, { status: 200, body: [{ name: 'Ada' }] })
  t.equal(first.link, '</api/users?limit=1&cursor=1&search=ada>; rel="next"')
  t.match(await call('GET', '/api/users?limit=1&cursor=1&search=ada'), {
    body: [{ name: 'adam & eve' }],
    link: undefined,
  })
  t.match((await call('GET', '/api/users?search=b%40e')).body, [{ name: 'Bob' }])
  const { link } = await call('GET', `/api/users?limit=1&search=${encodeURIComponent('a')}`)
  t.match(link, 'search=a>')
  for (const search of ['', 'x'.repeat(101), '%00'])
    t.equal((await call('GET', `/api/users?search=${search}`)).status, 400, search)
})

// part: web-app
onEachDatabase(t, 'an administrator sees the sessions of a user, and ends them all', async (t, url) => {
  const { call, register, addSession, app, other } = await start(t, url)
  const [ada, bob] = [await register('ada'), await register('bob')]
  const now = Date.now()
  await addSession(ada, 'old', now - 1_000)
  await addSession(ada, 'new', now)
  await addSession(ada, 'expired', now - 7_200_000)
  await addSession(bob, 'another')
  const sessions = `/api/users/${ada}/sessions`
  const startedAt = new Date(now).toISOString()
  const { body } = await call('GET', sessions)
  t.match(body, [{ startedAt, lastUsedAt: startedAt }, { startedAt: String }])
  t.equal(body.length, 2)
  t.notMatch(JSON.stringify(body), 'new', 'the hash of the ID stays inside')

  for (const path of [`/api/users/99/sessions`, '/api/users/none/sessions'])
    for (const method of ['GET', 'DELETE'] as const) t.equal((await call(method, path)).status, 404)
  t.equal((await call('DELETE', sessions, {}, other)).status, 404, 'from another issuer')
  t.equal((await call('DELETE', sessions)).status, 204)
  t.strictSame((await call('GET', sessions)).body, [])
  t.equal((await call('GET', `/api/users/${bob}/sessions`)).body.length, 1)
  t.match(
    app.logLines.filter(({ msg }) => msg === 'audit'),
    [{ actor: 'auth0|admin', action: 'end_sessions', user: ada }],
  )
})
// end

// part: todos
onEachDatabase(t, 'an administrator sees how many to-dos a user has, but not which', async (t, url) => {
  const { app, issuer, call, register } = await start(t, url)
  const ada = await register('ada')
  const headers = bearer(await issuer.sign({ sub: 'ada' }))
  for (const title of ['one', 'two'])
    await app.inject({ method: 'POST', url: '/todo', headers, payload: { title } })
  t.match(await call('GET', `/api/users/${ada}/todos/count`), { status: 200, body: { count: 2 } })
  t.equal((await call('GET', '/api/users/99/todos/count')).status, 404)
})
// end

onEachDatabase(t, 'actions on users are in the audit log of their issuer', async (t, url) => {
  const { call, register, other } = await start(t, url)
  const ada = await register('ada')
  const bob = await register('bob')
  await call('DELETE', `/api/users/${bob}`)
  await call('DELETE', `/api/users/${ada}`, { sub: 'auth0|other-admin' })
  t.equal((await call('DELETE', `/api/users/${ada}`)).status, 404)
  const { status, body } = await call('GET', '/api/audit')
  t.equal(status, 200)
  t.match(body, [
    { actor: 'auth0|other-admin', action: 'delete_user', user: ada, subject: 'ada' },
    { actor: 'auth0|admin', action: 'delete_user', user: bob, subject: 'bob' },
  ])
  t.equal(body.length, 2, 'a rejected action is not recorded')
  t.strictSame((await call('GET', '/api/audit', {}, other)).body, [])
})

onEachDatabase(t, 'an action that cannot be recorded does not happen', async (t, url) => {
  const { app, call, register } = await start(t, url)
  const ada = await register('ada')
  await app.store.schema.alterTable('audit_log').renameTo('lost').execute()
  t.ok((await call('DELETE', `/api/users/${ada}`)).status >= 500)
  t.equal((await call('GET', `/api/users/${ada}`)).status, 200)
  app.logLines.length = 0 // the error was expected
})

t.test('each route needs its own scope', async (t) => {
  const { call } = await start(t, 'file::memory:')
  for (const [method, path, scope] of [
    ['GET', '/api/users?search=a', 'read:users'],
    ['GET', '/api/users/1/sessions', 'read:users'], // part: web-app
    ['GET', '/api/users/1/todos/count', 'read:users'], // part: todos
    ['DELETE', '/api/users/1/sessions', 'delete:users'], // part: web-app
    ['DELETE', '/api/users/99', 'delete:users'],
    ['GET', '/api/audit', 'read:audit'],
  ] as const) {
    const others = everything.replace(scope, '').trim()
    t.match(await call(method, path, { scope: others }), {
      status: 403,
      body: { code: 'insufficient_scope' },
    })
    t.not((await call(method, path, { scope })).status, 403)
  }
})
