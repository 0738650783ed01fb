import t from 'tap'
import { storeUnavailable } from '../../../src/plugins/store/errors.ts'
import { LEASE_MS } from '../../../src/web/login/access-tokens.ts'
import { moveClock } from '../../helpers/clock.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { listenAsWebApp, loggedIn, startWebApp } from '../../helpers/web-app.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startWithIssuer, WebIssuer } from '../../helpers/web-issuer.ts'

const HOUR = 3_600_000
const message = 'This is a protected message.'

/** Loads the pages at the same time. */
async function load(browser: WebBrowser, urls: string[]) {
  const headers = { cookie: `gatehouse-session=${browser.cookies(urls[0] ?? '').get('gatehouse-session')}` }
  return Promise.all(
    urls.map(async (url) => {
      const response = await fetch(`${url}/protected`, { headers, redirect: 'manual' })
      return {
        status: response.status,
        text: await response.text(),
        location: response.headers.get('location'),
      }
    }),
  )
}

t.test('the local tenant, which rejects a refresh token used twice, refreshes again and again', async (t) => {
  const { url } = await startWebApp(t)
  const clock = moveClock(t)
  const browser = await loggedIn(url)
  for (const hours of [23, 46, 69]) {
    clock.set(hours * HOUR)
    for (const { status, text } of await load(browser, Array(20).fill(url))) {
      t.equal(status, 200)
      t.match(text, message)
    }
  }
})

onEachDatabase(
  t,
  'an expired access token is refreshed once, whatever the number of waiting requests and processes',
  async (t, DATABASE_URL) => {
    await prepare(DATABASE_URL)
    const web = await WebIssuer.start(t)
    web.lifetimeSeconds = 3600
    const environment = { DATABASE_URL, BASE_URL: 'http://localhost:1' }
    const first = await listenAsWebApp(t, web.issuer, { environment })
    const apps = [first, await listenAsWebApp(t, web.issuer, { environment })]
    const browser = await begin(web, first.url)
    const clock = moveClock(t)
    // No API listens at BASE_URL: only the requests to the issuer count here
    const urls = apps.flatMap(({ url }) => Array(10).fill(url))
    await load(browser, urls)
    t.equal(web.refreshes, 0, 'not before it expires')
    for (const round of [1, 2]) {
      clock.set(round * HOUR)
      const hold = Promise.withResolvers<void>()
      web.hold = hold.promise
      const pages = load(browser, urls)
      setTimeout(hold.resolve, 500)
      for (const { status, location } of await pages) t.strictSame([status, location], [200, null])
      t.equal(web.refreshes, round)
    }
    t.notOk(web.isRevoked)
  },
)

/** Logs in at an app that does not listen at its BASE_URL. */
async function begin(web: WebIssuer, url: string): Promise<WebBrowser> {
  const browser = new WebBrowser()
  const { headers } = await browser.visit(`${url}/login`)
  const callback = web.callback(new URL(headers.get('location') ?? ''))
  await browser.visit(`${url}${callback.pathname}${callback.search}`)
  return browser
}

t.test('requests of one process share one wait, so that not each of them queries the database', async (t) => {
  const { url, web, app } = await startWithIssuer(t)
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  const { sessions } = app.login
  const lease = sessions.lease.bind(sessions)
  let leases = 0
  sessions.lease = (...all) => {
    leases++
    return lease(...all)
  }
  const hold = Promise.withResolvers<void>()
  web.hold = hold.promise
  setTimeout(hold.resolve, 500)
  clock.set(HOUR)
  for (const { text } of await load(browser, Array(20).fill(url))) t.match(text, message)
  t.ok(leases < 20, `${leases} for 20 pages`)
})

t.test(
  'a refresh that the issuer rejects ends the session, and the page redirects to the login',
  async (t) => {
    const { url, web, app } = await startWithIssuer(t)
    const clock = moveClock(t)
    const browser = await loggedInAt({ url }, web)
    clock.set(HOUR)
    web.isRevoked = true
    const { status, headers } = await browser.visit(`${url}/admin?a=b`)
    t.equal(status, 302)
    t.equal(headers.get('location'), '/login?returnTo=%2Fadmin%3Fa%3Db')
    t.strictSame(await app.store.selectFrom('sessions').selectAll().execute(), [])
    t.equal((await browser.visit(`${url}/profile`)).status, 302)
  },
)

/** Responses of the token endpoint to a refresh, and the status of the page. A session that goes on shows a sentence. */
const refusals = [
  [400, { error: 'invalid_grant' }, 302],
  [400, { error: 'access_denied' }, 302],
  [400, { error: 'unauthorized_client' }, 302],
  [403, { error: 'interaction_required' }, 302],
  [429, { error: 'access_denied' }, 200],
  [400, { error: 'invalid_client' }, 200],
  [401, { error: 'invalid_client' }, 200],
  [500, { error: 'access_denied' }, 200],
  [400, {}, 200],
] as const

for (const [status, body, expected] of refusals) {
  const outcome = expected === 302 ? 'ends the session' : 'is an outage, and the session goes on'
  t.test(
    `a refresh answered with ${status} and ${'error' in body ? body.error : 'no error'} ${outcome}`,
    async (t) => {
      const { url, web, issuer, app } = await startWithIssuer(t)
      const clock = moveClock(t)
      const browser = await loggedInAt({ url }, web)
      clock.set(HOUR)
      issuer.token = (_request, response) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      const page = await browser.visit(`${url}/protected`)
      t.equal(page.status, expected)
      if (expected === 200) t.match(page.text, 'the identity provider cannot be reached')
      const sessions = await app.store.selectFrom('sessions').selectAll().execute()
      t.equal(sessions.length, expected === 302 ? 0 : 1)
    },
  )
}

t.test('a refresh that returns tokens of another user ends the session', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  clock.set(HOUR)
  web.idClaims = { sub: 'auth0|another' }
  t.equal((await browser.visit(`${url}/protected`)).status, 302)
  t.equal((await browser.visit(`${url}/profile`)).status, 302)
})

t.test('a refresh may return neither an ID token nor a new refresh token', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  const protectedPage = async () => (await browser.visit(`${url}/protected`)).text
  web.response = { id_token: undefined, refresh_token: undefined }
  clock.set(HOUR)
  t.match(await protectedPage(), message)
  t.equal(web.refreshes, 1)
  t.match(await protectedPage(), message)
  t.equal(web.refreshes, 1)
})

t.test(
  'while the issuer is unavailable the page says so and the session goes on; later it refreshes',
  async (t) => {
    const { url, web, issuer, app } = await startWithIssuer(t)
    const clock = moveClock(t)
    const browser = await loggedInAt({ url }, web)
    t.match((await browser.visit(`${url}/protected`)).text, message)
    await issuer.stop()
    clock.set(HOUR - 20_000)
    t.match((await browser.visit(`${url}/protected`)).text, message, 'the token is not expired yet')
    clock.set(HOUR)
    for (const page of await load(browser, Array(5).fill(url))) {
      t.equal(page.status, 200)
      t.match(page.text, 'the identity provider cannot be reached')
    }
    t.equal((await browser.visit(`${url}/profile`)).status, 200)
    t.ok(app.logLines.some(({ msg }) => msg === 'access token not refreshed'))
    await issuer.listen()
    t.match((await browser.visit(`${url}/protected`)).text, message)
    t.equal(web.refreshes, 1)
  },
)

t.test('a late response to a refresh is used, and the issuer is not asked twice', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  const hold = Promise.withResolvers<void>()
  web.hold = hold.promise
  clock.set(HOUR)
  t.match((await browser.visit(`${url}/protected`)).text, 'the identity provider cannot be reached')
  hold.resolve()
  t.match((await browser.visit(`${url}/protected`)).text, message)
  t.equal(web.refreshes, 1)
  t.notOk(web.isRevoked)
})

t.test(
  'a request that waits for another process gets its failure, or takes over when the lease expires',
  async (t) => {
    const { url, web, app } = await startWithIssuer(t)
    const clock = moveClock(t)
    const browser = await loggedInAt({ url }, web)
    clock.set(HOUR)
    const lease = (until: number | null) =>
      app.store
        .updateTable('sessions')
        .set({ refresh_until: until === null ? null : new Date(until).toISOString() })
        .execute()
    await lease(Date.now() + LEASE_MS)
    const waiting = browser.visit(`${url}/protected`)
    setTimeout(() => lease(null), 300)
    t.match((await waiting).text, 'cannot be reached')
    t.equal(web.refreshes, 0)

    await lease(Date.now() + 400)
    t.match((await browser.visit(`${url}/protected`)).text, message)
    t.equal(web.refreshes, 1)
  },
)

t.test('a session that ends during a refresh stays ended', async (t) => {
  const { url, web, app } = await startWithIssuer(t)
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  clock.set(HOUR)
  const hold = Promise.withResolvers<void>()
  web.hold = hold.promise
  const waiting = load(browser, [url])
  while (web.refreshes === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  await browser.visit(`${url}/logout`, { method: 'POST' })
  hold.resolve()
  t.match(await waiting, [{ status: 302 }])
  t.strictSame(await app.store.selectFrom('sessions').selectAll().execute(), [])
})

t.test('without a refresh token the session lasts as long as the access token', async (t) => {
  const { url, web } = await startWithIssuer(t)
  web.response = { refresh_token: undefined }
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  clock.set(HOUR - 20_000)
  t.match((await browser.visit(`${url}/protected`)).text, message)
  clock.set(HOUR)
  t.equal((await browser.visit(`${url}/protected`)).status, 302)
  t.equal(web.refreshes, 0)
})

t.test('an access token without a lifetime is used unchanged', async (t) => {
  const { url, web } = await startWithIssuer(t)
  web.lifetimeSeconds = undefined
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  clock.set(20 * HOUR)
  t.match((await browser.visit(`${url}/protected`)).text, 'token is expired')
  t.equal(web.refreshes, 0)
})

t.test('new tokens are stored again and again while the database is unavailable', async (t) => {
  const { url, web, app } = await startWithIssuer(t)
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  const { sessions } = app.login
  const replace = sessions.replace.bind(sessions)
  let failures = 5
  sessions.replace = async (...all) => {
    if (failures-- > 0) throw storeUnavailable('locked')
    return replace(...all)
  }
  clock.set(HOUR)
  t.match((await browser.visit(`${url}/protected`)).text, message)
  t.equal(failures, -1)
  t.match((await browser.visit(`${url}/protected`)).text, message)
  t.strictSame([web.refreshes, web.isRevoked], [1, false])
})

t.test('tokens that were stored although the answer of the database was lost are used', async (t) => {
  const { url, web, app } = await startWithIssuer(t)
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  const { sessions } = app.login
  const replace = sessions.replace.bind(sessions)
  let calls = 0
  sessions.replace = async (...all) => {
    const replaced = await replace(...all)
    if (++calls === 1) throw storeUnavailable('no answer')
    return replaced
  }
  clock.set(HOUR)
  t.match((await browser.visit(`${url}/protected`)).text, message)
  t.strictSame([calls, web.refreshes, web.isRevoked], [2, 1, false])
})

t.test('at the end of the lease, storing new tokens is given up', async (t) => {
  const { url, web, app } = await startWithIssuer(t)
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  let calls = 0
  app.login.sessions.replace = async () => {
    calls++
    clock.set(HOUR + LEASE_MS)
    throw storeUnavailable('locked')
  }
  clock.set(HOUR)
  t.equal((await browser.visit(`${url}/protected`)).status, 503)
  t.equal(calls, 1)
})
