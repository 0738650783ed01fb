import t from 'tap'
import { moveClock } from '../../helpers/clock.ts'
import { sessionCookie } from '../../helpers/web-app.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startLogin, startWithIssuer, type WebIssuer } from '../../helpers/web-issuer.ts'

t.test('a callback loaded again by a user who is logged in leads to the application', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const browser = new WebBrowser()
  const callback = web.callback(await startLogin(browser, url, '/login?returnTo=/public'))
  const transaction = new Map(browser.cookies(url))
  t.equal((await browser.visit(callback)).headers.get('location'), '/public')
  const session = sessionCookie(browser, url)

  const again = await browser.visit(callback)
  t.strictSame([again.status, again.headers.get('location')], [302, '/profile'])
  t.equal(again.headers.get('cache-control'), 'no-store')
  for (const [name, value] of transaction) browser.cookies(url).set(name, value)
  t.equal((await browser.visit(callback)).headers.get('location'), '/public', 'the cookie names the page')
  t.equal(sessionCookie(browser, url), session, 'the session is the same')
  t.equal(web.requests.length, 1, 'the issuer is not asked again')

  await browser.visit(`${url}/logout`)
  t.equal((await browser.visit(callback)).status, 400, 'after the logout it is an error')
})

t.test('a callback that an attacker started does not replace the session of a user', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const victim = await loggedInAt({ url }, web)
  const session = sessionCookie(victim, url)
  web.idClaims = { sub: 'auth0|attacker' }
  const callback = web.callback(await startLogin(new WebBrowser(), url, '/login?returnTo=/public'))
  t.equal((await victim.visit(callback)).headers.get('location'), '/profile')
  t.equal(sessionCookie(victim, url), session)
  t.match((await victim.visit(`${url}/profile`)).text, 'auth0|1')
  t.equal(web.requests.length, 1)
})

t.test('an error without a state is shown as an error of the identity provider, and logged', async (t) => {
  const { url, web, app } = await startWithIssuer(t)
  for (const browser of [new WebBrowser(), await loggedInAt({ url }, web)]) {
    const query = new URLSearchParams({ error: 'access_denied', error_description: 'Call +49 evil' })
    const { status, text } = await browser.visit(`${url}/callback?${query}`)
    t.equal(status, 400)
    t.match(text, 'The identity provider denied the login')
    t.notMatch(text, 'evil')
  }
  const details = () => app.logLines.filter(({ code }) => code === 'login_failed').map(({ detail }) => detail)
  t.strictSame(new Set(details()), new Set(['access_denied, Call +49 evil']))
  const browser = new WebBrowser()
  for (const query of ['error=a&error=b', `error=${'x'.repeat(3_000)}`, 'error=', 'error=a%00b'])
    t.match((await browser.visit(`${url}/callback?${query}`)).text, 'started in another browser', query)
  await browser.visit(`${url}/callback?error=invalid_scope&error_description=${'x'.repeat(3_000)}`)
  t.equal(details().at(-1), 'invalid_scope')
})

t.test(
  'an error with a state of another browser is not shown as an error of the identity provider',
  async (t) => {
    const { url, web } = await startWithIssuer(t)
    const callback = web.callback(await startLogin(new WebBrowser(), url), { error: 'access_denied' })
    t.match((await new WebBrowser().visit(callback)).text, 'started in another browser')
  },
)

t.test('ten tabs can log in at once, in any order; the eleventh replaces the oldest', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const clock = moveClock(t)
  const browser = new WebBrowser()
  browser.cookies(url).set('gatehouse-login-nonsense', 'x')
  const tabs: URL[] = []
  for (let tab = 0; tab < 11; tab++) {
    clock.set(tab * 1000)
    tabs.push(await startLogin(browser, url, `/login?returnTo=/tab-${tab}`))
  }
  t.equal(browser.cookies(url).size, 10)
  for (const tab of [3, 10, 1, 4, 2, 9, 5, 7, 8, 6]) {
    const page = await browser.visit(web.callback(tabs[tab] as URL))
    t.equal(page.headers.get('location'), `/tab-${tab}`)
  }
  t.equal((await browser.visit(web.callback(tabs[0] as URL))).headers.get('location'), '/profile')
  t.equal(web.requests.length, 10)
})

t.test('logins with long pages fit in a request, because the oldest are replaced', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const clock = moveClock(t)
  const browser = new WebBrowser()
  const page = (tab: number) => `/${tab}${'x'.repeat(500)}`
  const tabs: URL[] = []
  for (let tab = 0; tab < 12; tab++) {
    clock.set(tab * 1000)
    tabs.push(await startLogin(browser, url, `/login?returnTo=${page(tab)}`))
    const length = [...browser.cookies(url)].join().length
    t.ok(length <= 8_000, `${length} characters of cookies`)
  }
  t.ok(browser.cookies(url).size >= 5)
  t.equal((await browser.visit(web.callback(tabs[11] as URL))).headers.get('location'), page(11))
})

t.test('a login without a verified email address is rejected if one is required', async (t) => {
  const { url, web, app } = await startWithIssuer(t, { LOGIN_REQUIRE_VERIFIED_EMAIL: 'true' })
  for (const email_verified of [false, 'false', undefined, 'yes', 1]) {
    web.idClaims = { email_verified }
    const { browser, page } = await complete(url, web)
    t.equal(page.status, 403, JSON.stringify(email_verified))
    t.match(page.text, 'Your email address is not verified')
    t.match(page.text, '<a class="button" href="/login">Log In</a>')
    t.equal(sessionCookie(browser, url), undefined)
  }
  for (const table of ['sessions', 'users'] as const)
    t.strictSame(await app.store.selectFrom(table).selectAll().execute(), [], table)
  for (const email_verified of [true, 'true']) {
    web.idClaims = { email_verified }
    t.equal((await complete(url, web)).page.status, 302)
  }
  const other = await startWithIssuer(t)
  other.web.idClaims = { email_verified: false }
  t.equal((await complete(other.url, other.web)).page.status, 302, 'not required by default')
})

async function complete(url: string, web: WebIssuer, path?: string) {
  const browser = new WebBrowser()
  return { browser, page: await browser.visit(web.callback(await startLogin(browser, url, path))) }
}
