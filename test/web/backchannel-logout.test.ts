import { randomUUID } from 'node:crypto'
import t from 'tap'
import { deleteExpired } from '../../src/plugins/store/tables/delete-expired.ts'
import { bearer } from '../helpers/app.ts'
import { moveClock } from '../helpers/clock.ts'
import { onEachDatabase, prepare } from '../helpers/database.ts'
import { isCallback, listenAsWebApp, loggedIn, startWebApp } from '../helpers/web-app.ts'
import { WebBrowser } from '../helpers/web-browser.ts'
import { loggedInAt, startLogin, startWithIssuer, type WebIssuer } from '../helpers/web-issuer.ts'

const form = { method: 'POST', body: new URLSearchParams() }

function logoutToken({ issuer }: WebIssuer, claims: object): Promise<string> {
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const common = { aud: 'gatehouse-web', azp: undefined, jti: randomUUID(), events }
  return issuer.sign({ ...common, ...claims }, { typ: 'logout+jwt' })
}

function send(url: string, logout_token: string) {
  return fetch(`${url}/backchannel-logout`, { method: 'POST', body: new URLSearchParams({ logout_token }) })
}

async function isLoggedIn(browser: WebBrowser, url: string): Promise<boolean> {
  return (await browser.visit(`${url}/profile`)).status === 200
}

t.test('a logout at the local tenant ends the session of the web app', async (t) => {
  const { url, tenant } = await startWebApp(t)
  const [browser, elsewhere] = [await loggedIn(url), await loggedIn(url)]
  t.ok(await isLoggedIn(browser, url))
  const query = new URLSearchParams({ client_id: 'gatehouse-web', returnTo: url })
  await browser.open(`${tenant.issuer}v2/logout?${query}`, {}, isCallback)
  t.notOk(await isLoggedIn(browser, url))
  t.ok(await isLoggedIn(elsewhere, url), 'another session of the same user goes on')
})

onEachDatabase(t, 'the sessions named by sid, by sub or by both end', async (t, DATABASE_URL) => {
  await prepare(DATABASE_URL)
  const { url, web } = await startWithIssuer(t, { DATABASE_URL })
  const browsers = async () => {
    const logIn = (sub: string, sid: string | undefined) => {
      web.idClaims = { sub, sid }
      return loggedInAt({ url }, web)
    }
    return [await logIn('a', '1'), await logIn('a', '2'), await logIn('b', '3'), await logIn('b', undefined)]
  }
  for (const [claims, left] of [
    [{ sub: 'a', sid: '1' }, [false, true, true, true]],
    [{ sub: undefined, sid: '3' }, [true, true, false, true]],
    [{ sub: 'a' }, [false, false, true, true]],
    [{ sub: 'b' }, [true, true, false, false]],
    [{ sub: 'b', sid: '1' }, [true, true, true, true]],
    [{ sub: 'unknown' }, [true, true, true, true]],
  ] as const) {
    const all = await browsers()
    const response = await send(url, await logoutToken(web, claims))
    t.equal(response.status, 200)
    t.equal(response.headers.get('cache-control'), 'no-store')
    t.equal(await response.text(), '')
    const loggedIn = await Promise.all(all.map((browser) => isLoggedIn(browser, url)))
    t.strictSame(loggedIn, left, JSON.stringify(claims))
    for (const browser of all) await browser.visit(`${url}/logout`, form)
  }
})

t.test('access tokens of the session end with it; without sid, those that the user got before', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const now = Math.floor(Date.now() / 1000)
  const status = async (claims: object) => {
    const token = await web.issuer.sign({ sub: 'a', ...claims })
    return (await fetch(`${url}/api/private`, { headers: bearer(token) })).status
  }
  const statuses = async () => [
    await status({ sid: '1', iat: now - 10 }),
    await status({ sid: '2', iat: now - 10 }),
    await status({ iat: now - 5 }),
    await status({ sub: 'b', iat: now - 10 }),
  ]
  t.strictSame(await statuses(), [200, 200, 200, 200])
  t.equal((await send(url, await logoutToken(web, { sub: 'a', sid: '1' }))).status, 200)
  t.strictSame(await statuses(), [401, 200, 200, 200])
  t.equal((await send(url, await logoutToken(web, { sub: 'a', iat: now - 5 }))).status, 200)
  t.strictSame(await statuses(), [401, 401, 200, 200])
})

onEachDatabase(t, 'a logout token is accepted once, across all processes', async (t, DATABASE_URL) => {
  await prepare(DATABASE_URL)
  const { url, web } = await startWithIssuer(t, { DATABASE_URL })
  const another = await listenAsWebApp(t, web.issuer, { environment: { DATABASE_URL } })
  const token = await logoutToken(web, { exp: Math.floor(Date.now() / 1000) + 120 })
  t.equal((await send(url, token)).status, 200)
  const browser = await loggedInAt({ url }, web)
  for (const place of [url, another.url]) {
    const response = await send(place, token)
    t.equal(response.status, 400)
    t.match(await response.json(), { code: 'invalid_logout_token' })
  }
  t.ok(await isLoggedIn(browser, url))
  const clock = moveClock(t)
  clock.set(130_000)
  t.equal((await send(url, token)).status, 400, 'and then it is expired')
})

t.test('a request that is not a form with one logout token is rejected with uncached JSON', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const token = await logoutToken(web, {})
  const post = (body: string, type = 'application/x-www-form-urlencoded') =>
    fetch(`${url}/backchannel-logout`, { method: 'POST', body, headers: { 'content-type': type } })
  for (const [response, status] of [
    [await post(''), 400],
    [await post('logout_token='), 400],
    [await post('another=1'), 400],
    [await post(`logout_token=${token}&logout_token=${token}`), 400],
    [await post(JSON.stringify({ logout_token: token }), 'application/json'), 415],
    [await post(token, 'text/plain'), 415],
    [await post(`logout_token=${'x'.repeat(70_000)}`), 413],
    [await post(`logout_token=${token}`), 200],
  ] as const) {
    t.equal(response.status, status)
    t.equal(response.headers.get('cache-control'), 'no-store')
    if (status !== 200) t.match(await response.json(), { statusCode: status, code: String })
  }
  t.equal((await fetch(`${url}/backchannel-logout`)).status, 405)
})

t.test('a logout token is not used up when the database fails', async (t) => {
  const { url, web, app } = await startWithIssuer(t, {}, { expectsErrors: true })
  const browser = await loggedInAt({ url }, web)
  const token = await logoutToken(web, {})
  await app.store.schema.alterTable('sessions').renameTo('gone').execute()
  t.equal((await send(url, token)).status, 500)
  await app.store.schema.alterTable('gone').renameTo('sessions').execute()
  t.equal((await send(url, token)).status, 200)
  t.notOk(await isLoggedIn(browser, url))
})

onEachDatabase(t, 'a logout during a login that it names rejects the login', async (t, DATABASE_URL) => {
  await prepare(DATABASE_URL)
  const { url, web, app } = await startWithIssuer(t, { DATABASE_URL })
  web.idClaims = { sub: 'a', sid: '1' }
  for (const [claims, status] of [
    [{ sub: 'a', sid: '1' }, 400],
    [{ sub: undefined, sid: '1' }, 400],
    [{ sub: 'a' }, 400],
    [{ sub: 'a', sid: '2' }, 302],
    [{ sub: 'b', sid: '1' }, 302],
    [{ sub: 'b' }, 302],
    [{ sub: undefined, sid: '2' }, 302],
  ] as const) {
    const browser = new WebBrowser()
    const callback = web.callback(await startLogin(browser, url))
    const hold = Promise.withResolvers<void>()
    web.holdCode = hold.promise
    const exchanges = web.requests.length
    const page = browser.visit(callback)
    while (web.requests.length === exchanges) await new Promise((resolve) => setTimeout(resolve, 5))
    t.equal((await send(url, await logoutToken(web, claims))).status, 200)
    hold.resolve()
    t.equal((await page).status, status, JSON.stringify(claims))
    t.equal(await isLoggedIn(browser, url), status === 302)
    t.equal((await app.store.selectFrom('sessions').selectAll().execute()).length, status === 302 ? 1 : 0)
    await browser.visit(`${url}/logout`, form)
    t.ok(await isLoggedIn(await loggedInAt({ url }, web), url), 'a login after the logout is accepted')
    await app.store.deleteFrom('sessions').execute()
  }
})

onEachDatabase(
  t,
  'a login that began before a logout is rejected for ten minutes',
  async (t, DATABASE_URL) => {
    await prepare(DATABASE_URL)
    const { url, web, app } = await startWithIssuer(t, { DATABASE_URL })
    const another = await listenAsWebApp(t, web.issuer, { environment: { DATABASE_URL, BASE_URL: url } })
    const clock = moveClock(t)
    const [browser, used] = [
      new WebBrowser(),
      await logoutToken(web, { exp: Math.floor(Date.now() / 1000) + 900 }),
    ]
    const callback = web.callback(await startLogin(browser, url))
    clock.set(1_000)
    t.equal((await send(another.url, used)).status, 200)
    clock.set(2_000)
    const later = web.callback(await startLogin(browser, url))
    clock.set(3_000)
    t.equal((await send(another.url, used)).status, 400, 'a replay ends no login')
    t.equal((await browser.visit(later)).status, 302)
    clock.set(9.9 * 60_000)
    await deleteExpired(app.store, Date.now(), 1_000)
    const page = await browser.visit(callback)
    t.equal(page.status, 400)
    t.match(page.text, 'The login could not be completed')
    clock.set(20 * 60_000)
    await deleteExpired(app.store, Date.now(), 1_000)
    t.strictSame(await app.store.selectFrom('replay_guard').selectAll().execute(), [])
  },
)
