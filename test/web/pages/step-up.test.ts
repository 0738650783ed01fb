import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { tenantFor } from '../../dev/helpers/tenant.ts'
import { listen } from '../../helpers/app.ts'
import { moveClock } from '../../helpers/clock.ts'
import { freePort } from '../../helpers/free-port.ts'
import { inTenant, listenAsWebApp, loggedIn, sessionCookie } from '../../helpers/web-app.ts'
import type { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startLogin, startWithIssuer } from '../../helpers/web-issuer.ts'

const STEP_UP = 'gatehouse-step-up'
const reader = { email: 'reader@example.com', password: 'reader-password' }

/** Starts the tenant, the web app, and an API of its own whose protected message requires a PIN. */
async function startWithStrictApi(t: Test) {
  const port = await freePort()
  const tenant = await tenantFor(t, `http://localhost:${port}`)
  const issuer = { url: tenant.issuer }
  const routes = join(import.meta.dirname, '../../fixtures/step-up')
  const api = await listen(t, issuer, inTenant({}, { routes }))
  return { api, web: await listenAsWebApp(t, issuer, inTenant({ API_SERVER_URL: api.url }), port), tenant }
}

/** An API that answers with a challenge until it is told otherwise. */
async function challengingApi(t: Test, parameters: string) {
  const challenge = `Bearer realm="api", error="insufficient_user_authentication", ${parameters}`
  const refuse = (response: ServerResponse) =>
    response
      .writeHead(401, { 'www-authenticate': challenge })
      .end('{"code":"insufficient_user_authentication"}')
  const api = { url: '', answer: refuse as (response: ServerResponse) => unknown, refuse }
  const server = createServer((_request, response) => api.answer(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return api
}

/** Opens a page that requires another login. @returns the authorization request */
async function stepUp(browser: WebBrowser, url: string, path: string): Promise<URL> {
  const { status, headers } = await browser.visit(`${url}${path}`)
  if (status !== 302 || headers.get('location') !== `/login?returnTo=${encodeURIComponent(path)}`)
    throw new Error(`expected a step-up, not ${status} ${headers.get('location')}`)
  return startLogin(browser, url, `/login?returnTo=${encodeURIComponent(path)}`)
}

const levelOf = ({ searchParams }: URL) => ({
  acr_values: searchParams.get('acr_values'),
  max_age: searchParams.get('max_age'),
})

t.test('a page whose API requires a PIN leads through the login of the issuer and back', async (t) => {
  const { web, tenant } = await startWithStrictApi(t)
  const browser = await loggedIn(web.url)
  const before = sessionCookie(browser, web.url)

  await browser.open(`${web.url}/protected`)
  t.equal(browser.trail[1]?.href, `${web.url}/login?returnTo=%2Fprotected`)
  t.match(levelOf(browser.trail[2] as URL), { acr_values: 'urn:gatehouse:pin', max_age: '3600' })
  t.ok(browser.page.url.href.startsWith(`${tenant.issuer}u/`))
  t.match(browser.page.text, 'Enter your PIN')
  await browser.submit({ pin: '2468' })
  t.equal(browser.page.url.href, `${web.url}/protected`)
  t.match(browser.page.text, 'This needs a PIN.')
  t.not(sessionCookie(browser, web.url), before, 'a new session')
  t.notOk(browser.cookies(web.url).has(STEP_UP), 'the cookie is used up')

  await browser.open(`${web.url}/protected`)
  t.match(browser.page.text, 'This needs a PIN.')
  t.equal(browser.trail.length, 1)
  await browser.open(`${web.url}/admin`)
  t.match(browser.page.text, 'This needs no PIN.')
})

t.test('a login that has become too old is repeated, and the old token stays rejected', async (t) => {
  const { web, api } = await startWithStrictApi(t)
  const clock = moveClock(t)
  const browser = await loggedIn(web.url, 'reader', '/protected')
  await browser.submit({ pin: '2468' })
  t.match(browser.page.text, 'This needs a PIN.')
  const session = await web.login.sessions.find(sessionCookie(browser, web.url) ?? '', Date.now())
  const old = session?.contents.accessToken ?? ''
  const call = async () =>
    (await fetch(`${api.url}/api/messages/protected`, { headers: { authorization: `Bearer ${old}` } })).status
  t.equal(await call(), 200)

  clock.set(2 * 3_600_000)
  await browser.open(`${web.url}/protected`)
  t.match(browser.page.text, 'Log in', 'the tenant wants the password again')
  await browser.submit(reader)
  await browser.submit({ pin: '2468' })
  t.match(browser.page.text, 'This needs a PIN.')
  t.equal(await call(), 401)
})

t.test('a second challenge in a row shows the refusal, and the next view may try again', async (t) => {
  const api = await challengingApi(t, 'acr_values="a b", max_age="60"')
  const { web, url } = await startWithIssuer(t, { API_SERVER_URL: api.url })
  const browser = await loggedInAt({ url }, web)
  const request = await stepUp(browser, url, '/protected')
  t.strictSame(levelOf(request), { acr_values: 'a b', max_age: '60' })

  web.idClaims = { acr: 'b', auth_time: Math.floor(Date.now() / 1000) }
  const { headers } = await browser.visit(web.callback(request))
  t.equal(headers.get('location'), '/protected')
  const { status, text } = await browser.visit(`${url}/protected`)
  t.equal(status, 200)
  t.match(text, '401 Unauthorized')
  t.match(text, 'insufficient_user_authentication')
  t.notOk(browser.cookies(url).has(STEP_UP))
  await stepUp(browser, url, '/protected')

  api.answer = (response) => response.end('{"text":"enough"}')
  t.match((await browser.visit(`${url}/protected`)).text, 'enough')
  t.notOk(browser.cookies(url).has(STEP_UP), 'an unfinished step-up ends with the next view')
})

t.test('an issuer that ignores the required level gets no session, and the old one stays', async (t) => {
  const api = await challengingApi(t, 'acr_values="a", max_age="60"')
  const { web, url, app } = await startWithIssuer(t, { API_SERVER_URL: api.url })
  const now = Math.floor(Date.now() / 1000)
  for (const [idClaims, detail] of [
    [{}, 'acr is missing or not one of the required'],
    [{ acr: 'b', auth_time: now }, 'acr is missing or not one of the required'],
    [{ acr: 'a' }, 'auth_time is missing or too old'],
    [{ acr: 'a', auth_time: now - 600 }, 'auth_time is missing or too old'],
  ] as const) {
    web.idClaims = {}
    const browser = await loggedInAt({ url }, web)
    const session = sessionCookie(browser, url)
    const request = await stepUp(browser, url, '/protected')
    web.idClaims = idClaims
    const { status, text } = await browser.visit(web.callback(request))
    t.equal(status, 400, JSON.stringify(idClaims))
    t.match(text, 'The identity provider has not performed the stronger or more recent login')
    t.equal(sessionCookie(browser, url), session)
    t.equal(app.logLines.findLast(({ msg }) => msg === 'request rejected')?.detail, detail)
  }
})

t.test('the level of a login comes from a challenge only, for its page and once', async (t) => {
  const api = await challengingApi(t, 'max_age="60"')
  const { web, url } = await startWithIssuer(t, { API_SERVER_URL: api.url })
  const browser = await loggedInAt({ url }, web)
  const none = { acr_values: null, max_age: null }
  const login = (query: string) => startLogin(browser, url, `/login?${query}`)
  t.strictSame(levelOf(await login('returnTo=%2Fprotected&acr_values=x&max_age=0')), none)

  await browser.visit(`${url}/protected`)
  t.strictSame(levelOf(await login('returnTo=%2Fadmin')), none)
  t.strictSame(levelOf(await login('returnTo=%2Fprotected&max_age=5')), { acr_values: null, max_age: '60' })
  t.strictSame(levelOf(await login('returnTo=%2Fprotected')), none, 'used up')

  browser.cookies(url).set(STEP_UP, Buffer.from('{"page":"/protected"}').toString('base64url'))
  t.strictSame(levelOf(await login('returnTo=%2Fprotected')), none, 'forged')
})

t.test('ADMIN_MAX_AGE_SECONDS requires a recent login on the page /admin only', async (t) => {
  const { web, url } = await startWithIssuer(t, { ADMIN_MAX_AGE_SECONDS: '300' })
  const clock = moveClock(t)
  web.accessClaims = { permissions: ['read:admin-messages'] }
  const browser = await loggedInAt({ url }, web)
  t.match((await browser.visit(`${url}/protected`)).text, 'This is a protected message.')

  const request = await stepUp(browser, url, '/admin')
  t.strictSame(levelOf(request), { acr_values: null, max_age: '300' })
  const seconds = () => Math.floor(Date.now() / 1000)
  web.idClaims = { auth_time: seconds() }
  await browser.visit(web.callback(request))
  t.match((await browser.visit(`${url}/admin`)).text, 'This is an admin message.')
  clock.set(300_000)
  t.match((await browser.visit(`${url}/admin`)).text, 'This is an admin message.', 'with the tolerance')

  clock.set(340_000)
  web.idClaims = { auth_time: seconds() }
  await browser.visit(web.callback(await stepUp(browser, url, '/admin')))
  t.match((await browser.visit(`${url}/admin`)).text, 'This is an admin message.')
})

t.test('a page that is still not satisfied after the login shows the refusal', async (t) => {
  const { web, url } = await startWithIssuer(t, {
    ADMIN_MAX_AGE_SECONDS: '1',
    AUTH_CLOCK_TOLERANCE_SECONDS: '0',
  })
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  const now = Date.now()
  clock.stopAt(now)
  const request = await stepUp(browser, url, '/admin')
  web.idClaims = { auth_time: Math.floor(now / 1000) }
  t.equal((await browser.visit(web.callback(request))).headers.get('location'), '/admin')
  clock.stopAt(now + 5_000)
  const { status, text } = await browser.visit(`${url}/admin`)
  t.equal(status, 401)
  t.match(text, 'A stronger or more recent log-in is required')
  clock.stopAt(now + 6_000)
  await stepUp(browser, url, '/admin')
})

t.test('a refreshed session keeps the time of its login', async (t) => {
  const { web, url } = await startWithIssuer(t, { ADMIN_MAX_AGE_SECONDS: '7200' })
  const clock = moveClock(t)
  web.idClaims = { auth_time: Math.floor(Date.now() / 1000) }
  const browser = await loggedInAt({ url }, web)
  web.idClaims = {}
  clock.set(3_600_000)
  t.equal((await browser.visit(`${url}/admin`)).status, 200)
  t.equal(web.refreshes, 1)
  t.equal((await browser.visit(`${url}/admin`)).status, 200)
})
