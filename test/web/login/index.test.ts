import t from 'tap'
import { openStore } from '../../../src/plugins/store/database.ts'
import { bearer } from '../../helpers/app.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { freePort } from '../../helpers/free-port.ts'
import { listenAsWebApp } from '../../helpers/web-app.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startLogin, startWithIssuer, WebIssuer } from '../../helpers/web-issuer.ts'

async function isLoggedIn(browser: WebBrowser, url: string): Promise<boolean> {
  return (await browser.visit(`${url}/profile`)).status === 200
}

onEachDatabase(t, 'session secrets can be rotated', async (t, DATABASE_URL) => {
  await prepare(DATABASE_URL)
  const web = await WebIssuer.start(t)
  const [old, fresh] = ['old-secret '.repeat(3).trim(), 'new-secret '.repeat(3).trim()]
  const port = await freePort()
  const run = async (SESSION_SECRET: string) => {
    const app = await listenAsWebApp(t, web.issuer, { environment: { DATABASE_URL, SESSION_SECRET } }, port)
    return Object.assign(app, { url: app.url })
  }
  let app = await run(old)
  const { url } = app
  const browser = await loggedInAt(app, web)
  const inProgress = new WebBrowser()
  const request = await startLogin(inProgress, url)
  await app.close()

  app = await run(`${fresh},${old}`)
  t.ok(await isLoggedIn(browser, url))
  t.equal((await inProgress.visit(web.callback(request))).status, 302, 'also a login in progress')
  const newcomer = await loggedInAt(app, web)
  await app.close()

  app = await run(fresh)
  t.ok(await isLoggedIn(newcomer, url))
  t.notOk(await isLoggedIn(browser, url), 'without the secret of its session')
})

onEachDatabase(t, 'a session works in every process, and ends in all of them', async (t, DATABASE_URL) => {
  await prepare(DATABASE_URL)
  const web = await WebIssuer.start(t)
  const environment = { DATABASE_URL, BASE_URL: 'http://localhost:1' }
  const [one, two] = [
    await listenAsWebApp(t, web.issuer, { environment }),
    await listenAsWebApp(t, web.issuer, { environment }),
  ]
  const browser = new WebBrowser()
  const move = (from: string, to: string) => {
    for (const [name, value] of browser.cookies(from)) browser.cookies(to).set(name, value)
  }
  const callback = web.callback(await startLogin(browser, one.url))
  move(one.url, two.url)
  const replay = `${two.url}${callback.pathname}${callback.search}`
  t.equal((await browser.visit(replay)).status, 302, 'started at one, completed at the other')
  t.equal((await browser.visit(`${one.url}${callback.pathname}${callback.search}`)).status, 400, 'once')
  move(two.url, one.url)
  for (const { url } of [one, two]) t.ok(await isLoggedIn(browser, url))
  await browser.visit(`${two.url}/logout`, { method: 'POST' })
  for (const { url } of [one, two]) t.notOk(await isLoggedIn(browser, url))
})

onEachDatabase(t, 'deleting a user deletes the sessions of the user', async (t, DATABASE_URL) => {
  await prepare(DATABASE_URL)
  const { url, web, issuer } = await startWithIssuer(t, { DATABASE_URL })
  const one = await loggedInAt({ url }, web)
  web.idClaims = { sub: 'auth0|2' }
  const two = await loggedInAt({ url }, web)
  const headers = bearer(await issuer.sign({ sub: 'auth0|admin', scope: 'read:users delete:users' }))
  const users = (await (await fetch(`${url}/api/users`, { headers })).json()) as Record<string, unknown>[]
  t.match(users, [
    { subject: 'auth0|1', email: 'one@example.com', name: 'Number One', emailVerified: true },
    { subject: 'auth0|2' },
  ])
  t.ok(await isLoggedIn(one, url))
  const { status } = await fetch(`${url}/api/users/${users[0]?.id}`, { method: 'DELETE', headers })
  t.equal(status, 204)
  t.notOk(await isLoggedIn(one, url))
  t.ok(await isLoggedIn(two, url))
  t.ok(await isLoggedIn(await loggedInAt({ url }, web), url), 'the next login registers a new user')
})

t.test('an ID token without profile claims is enough to log in', async (t) => {
  const { url, web, issuer } = await startWithIssuer(t)
  web.idClaims = { email: undefined, email_verified: undefined, name: undefined, sid: undefined }
  t.ok(await isLoggedIn(await loggedInAt({ url }, web), url))
  const headers = bearer(await issuer.sign({ sub: 'auth0|admin', scope: 'read:users' }))
  const users = await (await fetch(`${url}/api/users`, { headers })).json()
  t.match(users, [{ subject: 'auth0|1', email: null, emailVerified: null, name: null }])
})

t.test('the API ignores sessions', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const browser = await loggedInAt({ url }, web)
  t.equal((await browser.visit(`${url}/api/private`)).status, 401)
  t.equal((await browser.visit(`${url}/api/users/me`)).status, 401)
})

t.test(
  'with the database unavailable, requests with a session are 503, and the login page works',
  async (t) => {
    const { url, web, app } = await startWithIssuer(t, { DATABASE_URL: `file:${t.testdir()}/a.db` })
    const browser = await loggedInAt({ url }, web)
    const other = await openStore(app.config.DATABASE_URL)
    t.teardown(() => other.destroy())
    const callback = web.callback(await startLogin(browser, url))
    await other.transaction().execute(async () => {
      t.equal((await new WebBrowser().visit(`${url}/`)).status, 200)
      t.equal((await new WebBrowser().visit(`${url}/login`)).status, 302)
      t.equal((await browser.visit(callback)).status, 503)
    })
    t.ok(await isLoggedIn(browser, url))
  },
)
