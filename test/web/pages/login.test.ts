import t from 'tap'
import { api } from '../../dev/helpers/tenant.ts'
import { moveClock } from '../../helpers/clock.ts'
import { isCallback, loggedIn, logIn, sessionCookie, startWebApp } from '../../helpers/web-app.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startLogin, startWithIssuer } from '../../helpers/web-issuer.ts'

const admin = { email: 'admin@example.com', password: 'admin-password' }
const MINUTE = 60_000

t.test('a login ends on the profile page, with a session', async (t) => {
  const { url, tenant } = await startWebApp(t)
  const browser = new WebBrowser()
  await browser.open(`${url}/login`)
  const [, authorize] = browser.trail
  const { state, nonce, code_challenge, ...others } = Object.fromEntries(authorize?.searchParams ?? [])
  t.equal(`${authorize?.origin}${authorize?.pathname}`, `${tenant.issuer}authorize`)
  t.strictSame(others, {
    redirect_uri: `${url}/callback`,
    scope: 'openid profile email offline_access',
    audience: api,
    code_challenge_method: 'S256',
    client_id: 'gatehouse-web',
    response_type: 'code',
  })
  for (const random of [state, nonce, code_challenge]) t.match(random, /^[\w-]{43}$/)

  await browser.submit(admin)
  t.equal(browser.page.url.href, `${url}/profile`)
  t.equal(browser.page.status, 200)
  for (const text of ['admin', admin.email, `${tenant.issuer}picture/a.svg`, 'auth0|'])
    t.match(browser.page.text, text)
  await browser.open(`${url}/admin`)
  t.match(browser.page.text, 'This is an admin message.')
})

t.test('/signup shows the sign-up page of the issuer and ends with a session', async (t) => {
  const { url } = await startWebApp(t)
  const browser = new WebBrowser()
  await browser.open(`${url}/signup`)
  t.equal(browser.trail[1]?.searchParams.get('screen_hint'), 'signup')
  t.match(browser.page.text, 'Sign up')
  await browser.submit({ email: 'new.comer@example.org', password: 'a-long-password' })
  t.equal(browser.page.url.href, `${url}/profile`)
  t.match(browser.page.text, 'new.comer@example.org')
})

t.test('after a required login the browser returns to the page it requested', async (t) => {
  const { url } = await startWebApp(t)
  for (const path of ['/protected', '/admin?a=1&b=%2F', '/profile']) {
    const browser = new WebBrowser()
    const { status, headers } = await browser.visit(`${url}${path}`)
    t.equal(status, 302)
    t.equal(headers.get('location'), `/login?returnTo=${encodeURIComponent(path)}`)
    t.equal(headers.get('cache-control'), 'no-store')
    await logIn(browser, url, 'admin', path)
    t.equal(browser.page.url.href, `${url}${path}`)
    t.equal(browser.page.status, 200)
  }
})

t.test('returnTo never leads out of the web app', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const landing = async (query: string) => {
    const browser = await loggedInAt({ url }, web, `/login${query}`)
    return browser.page.headers.get('location')
  }
  t.equal(await landing('?returnTo=/public'), '/public')
  for (const query of [
    '',
    '?returnTo=',
    '?returnTo=//evil.example',
    '?returnTo=%2F%2Fevil.example',
    '?returnTo=/%5Cevil.example',
    '?returnTo=/%09/evil.example',
    '?returnTo=https://evil.example',
    '?returnTo=javascript:alert(1)',
    '?returnTo=/.//evil.example',
    '?returnTo=/public&returnTo=/admin',
    `?returnTo=/${'x'.repeat(600)}`,
  ]) {
    t.equal(await landing(query), '/profile', query)
  }
})

t.test('a login is completed only in the browser that started it', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const [victim, attacker] = [new WebBrowser(), new WebBrowser()]
  const request = await startLogin(victim, url)
  const other = await startLogin(attacker, url)
  const states = {
    'of another browser': other.searchParams.get('state') ?? '',
    forged: 'A'.repeat(43),
    'like another at its start': `${request.searchParams.get('state')?.slice(0, 8)}${'A'.repeat(35)}`,
    empty: '',
  }
  for (const [which, state] of Object.entries(states)) {
    const page = await victim.visit(web.callback(request, { state }))
    t.equal(page.status, 400, `a state ${which}`)
    t.match(page.text, 'This login was started in another browser')
  }
  for (const query of ['', '?code=code-0', `?code=code-0&state=a&state=b`])
    t.equal((await victim.visit(`${url}/callback${query}`)).status, 400, query)
  t.equal(web.requests.length, 0, 'the issuer is not asked')
  t.equal(sessionCookie(victim, url), undefined)

  const page = await victim.visit(web.callback(request))
  t.equal(page.status, 302)
  t.ok(sessionCookie(victim, url))
})

t.test('a code issued to another browser is rejected', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const [victim, attacker] = [new WebBrowser(), new WebBrowser()]
  const stolen = web.code(await startLogin(attacker, url))
  const page = await victim.visit(web.callback(await startLogin(victim, url), { code: stolen }))
  t.equal(page.status, 400, 'the verifier does not fit')
  t.match(page.text, 'The login could not be completed')
  t.equal(web.requests.length, 1)
  t.equal(sessionCookie(victim, url), undefined)
})

t.test('a callback works once, even with a copy of its cookie', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const browser = new WebBrowser()
  const callback = web.callback(await startLogin(browser, url))
  const copy = new Map(browser.cookies(url))
  t.equal((await browser.visit(callback)).status, 302)
  t.strictSame(
    [...browser.cookies(url).keys()],
    ['gatehouse-session'],
    'the cookie of the transaction is deleted',
  )
  t.equal((await browser.visit(callback)).headers.get('location'), '/profile')
  const thief = new WebBrowser()
  for (const [name, value] of copy) thief.cookies(url).set(name, value)
  t.equal((await thief.visit(callback)).status, 400)
  t.equal(web.requests.length, 1, 'the issuer is not asked again')
})

t.test('a login transaction expires after ten minutes', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const clock = moveClock(t)
  const [one, two] = [new WebBrowser(), new WebBrowser()]
  const slow = await startLogin(one, url)
  const slower = await startLogin(two, url)
  clock.set(9.9 * MINUTE)
  t.equal((await one.visit(web.callback(slow))).status, 302)
  clock.set(10.1 * MINUTE)
  t.equal((await two.visit(web.callback(slower))).status, 400)
  t.equal(web.requests.length, 1)
})

t.test('cookies with names that no login transaction has are ignored', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const cookieOf = (names: string[]) => names.map((name) => `gatehouse-login-${name}=v`).join('; ')
  for (const names of [
    ['a1 b1', 'a2 b2', 'a3 b3', 'a4 b4', 'a5 b5'],
    ['', 'short', 'nine-long', 'é', '(1234567)', '"1234567', 'a,b,c,d,'],
    Array.from({ length: 300 }, (_, index) => `other name ${index}`),
  ]) {
    const headers = { cookie: Buffer.from(cookieOf(names)).toString('latin1') }
    const response = await fetch(`${url}/login`, { headers, redirect: 'manual' })
    t.equal(response.status, 302, `${names[0]}`)
    t.equal(response.headers.getSetCookie().length, 1, `${names[0]}`)
  }
  t.equal((await loggedInAt({ url }, web)).page.status, 302)
})

t.test('a login deletes a bounded number of cookies, and further logins delete the rest', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const browser = new WebBrowser()
  const cookies = browser.cookies(url)
  for (let index = 0; index < 50; index++) cookies.set(`gatehouse-login-${10_000_000 + index}`, 'v')
  await startLogin(browser, url)
  t.equal(browser.page.headers.getSetCookie().length, 21)
  for (let login = 0; login < 3; login++) await startLogin(browser, url)
  t.equal(cookies.size, 10)
  t.equal((await browser.visit(web.callback(await startLogin(browser, url)))).status, 302)
})

t.test('a manipulated cookie of a login transaction is rejected', async (t) => {
  const { url, web } = await startWithIssuer(t)
  for (const change of [
    (value: string) => `${value.slice(0, 40)}${value[40] === 'A' ? 'B' : 'A'}${value.slice(41)}`,
    (value: string) => value.slice(0, -5),
    (value: string) => value.slice(0, 20),
    () => 'nonsense',
  ]) {
    const browser = new WebBrowser()
    const request = await startLogin(browser, url)
    const cookies = browser.cookies(url)
    const [[name, value] = ['', '']] = cookies
    cookies.set(name, change(value))
    t.equal((await browser.visit(web.callback(request))).status, 400)
    cookies.set(name, value)
    t.equal((await browser.visit(web.callback(request))).status, 302)
  }
})

t.test('an error response of the issuer is shown in our words, and logged in its own', async (t) => {
  const { url, web, app } = await startWithIssuer(t)
  const browser = new WebBrowser()
  const request = await startLogin(browser, url)
  const page = await browser.visit(
    web.callback(request, { error: 'access_denied', error_description: 'Call +49 evil' }),
  )
  t.equal(page.status, 400)
  t.match(page.text, 'The identity provider denied the login')
  t.notMatch(page.text, 'evil')
  t.match(app.logLines.find(({ code }) => code === 'login_failed')?.detail, /access_denied, Call \+49 evil/)
})

t.test('the session id is created at login, whatever cookie the browser sends', async (t) => {
  const { url } = await startWebApp(t)
  const browser = new WebBrowser()
  browser.cookies(url).set('gatehouse-session', 'fixed-by-an-attacker')
  await logIn(browser, url)
  const first = sessionCookie(browser, url)
  t.match(first, /^[\w-]{43}$/)
  await browser.open(`${url}/login`)
  const second = sessionCookie(browser, url)
  t.match(second, /^[\w-]{43}$/)
  t.not(second, first)
})

t.test('a login as another user replaces the session, and ends the previous one', async (t) => {
  const { url } = await startWebApp(t)
  const [alone, replaced] = [await loggedIn(url, 'reader'), new WebBrowser()]
  const old = sessionCookie(alone, url) ?? ''
  replaced.cookies(url).set('gatehouse-session', old)
  await logIn(replaced, url, 'admin')
  t.match((await replaced.open(`${url}/profile`)).text, 'admin@example.com')
  t.not(sessionCookie(replaced, url), old)
  t.equal((await alone.visit(`${url}/profile`)).status, 302, 'the old id opens nothing')
})

t.test('visits without a login set no cookie and store no row', async (t) => {
  const { url, app } = await startWebApp(t)
  for (const path of ['/', '/public', '/profile', '/admin', '/callback', '/logout', '/nowhere']) {
    const { headers } = await new WebBrowser().visit(`${url}${path}`)
    t.strictSame(headers.getSetCookie(), [], path)
  }
  await new WebBrowser().visit(`${url}/login`)
  for (const table of ['sessions', 'replay_guard', 'users'] as const)
    t.strictSame(await app.store.selectFrom(table).selectAll().execute(), [], table)
})

t.test('cookies are limited to this host, and under https to https', async (t) => {
  for (const [scheme, prefix, secure] of [
    ['http', '', ''],
    ['https', '__Host-', '; Secure'],
  ] as const) {
    const { web, app } = await startWithIssuer(t, { BASE_URL: `${scheme}://app.example` })
    const login = await app.inject({ url: '/login', headers: { host: 'app.example' } })
    const [transaction = ''] = [login.headers['set-cookie'] ?? []].flat()
    t.match(
      transaction,
      new RegExp(
        `^${prefix}gatehouse-login-[\\w-]{8}=[\\w-]+; Max-Age=600; Path=/; HttpOnly${secure}; SameSite=Lax$`,
      ),
    )
    const { pathname, search } = web.callback(new URL(login.headers.location ?? ''))
    const callback = await app.inject({
      url: pathname + search,
      headers: { cookie: transaction.split(';')[0] },
    })
    const [session, deleted] = [callback.headers['set-cookie']].flat().reverse()
    t.match(
      session,
      new RegExp(
        `^${prefix}gatehouse-session=[\\w-]{43}; Max-Age=1209600; Path=/; HttpOnly${secure}; SameSite=Lax$`,
      ),
    )
    t.match(deleted, new RegExp(`^${prefix}gatehouse-login-.{8}=; .*Path=/; .*HttpOnly${secure}`))
  }
})

t.test('the callback accepts GET only', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const browser = new WebBrowser()
  const { pathname, search, searchParams } = web.callback(await startLogin(browser, url))
  const post = await browser.visit(`${url}${pathname}`, { method: 'POST', body: searchParams })
  t.equal(post.status, 405)
  t.equal((await browser.visit(`${url}${pathname}${search}`, { method: 'HEAD' })).status, 405)
  t.equal(sessionCookie(browser, url), undefined)
  t.equal((await browser.visit(`${url}${pathname}${search}`)).status, 302)
})

t.test('a callback of the local tenant is rejected in another browser', async (t) => {
  const { url } = await startWebApp(t)
  const browser = new WebBrowser()
  await browser.open(`${url}/login`)
  await browser.submit(admin, isCallback)
  const callback = browser.trail.at(-1) as URL
  t.equal((await new WebBrowser().visit(callback)).status, 400)
  t.equal((await browser.visit(callback)).status, 302)
})
