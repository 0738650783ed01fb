import t from 'tap'
import { sessionCookie } from '../../helpers/web-app.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startLogin, startWithIssuer } from '../../helpers/web-issuer.ts'

const prefetches: Record<string, string>[] = [
  { 'sec-purpose': 'prefetch' },
  { 'sec-purpose': 'prefetch;prerender' },
  { 'sec-purpose': 'prefetch;anonymous-client-ip' },
  { purpose: 'prefetch' },
  { 'x-moz': 'prefetch' },
]

t.test('a prefetch of login, sign-up, logout or callback gets 204 and has no effect', async (t) => {
  const { url, web, app } = await startWithIssuer(t)
  const browser = await loggedInAt({ url }, web)
  const callback = web.callback(await startLogin(browser, url))
  const cookies = new Map(browser.cookies(url))
  const requests = web.requests.length
  for (const headers of prefetches) {
    for (const page of [`${url}/login?returnTo=/public`, `${url}/signup`, `${url}/logout`, callback.href]) {
      const prefetched = await browser.visit(page, { headers })
      const circumstance = `${page} ${JSON.stringify(headers)}`
      t.strictSame([prefetched.status, prefetched.text], [204, ''], circumstance)
      t.equal(prefetched.headers.get('cache-control'), 'no-store')
      t.equal(prefetched.headers.get('location'), null)
      t.strictSame(browser.cookies(url), cookies, 'no cookie changes')
    }
  }
  t.equal(web.requests.length, requests, 'the issuer is not asked')
  t.equal((await app.store.selectFrom('sessions').selectAll().execute()).length, 1)
  t.equal((await browser.visit(callback)).status, 302, 'the login in progress can be completed')
  t.ok(sessionCookie(browser, url))
})

t.test('other purposes, and prefetches of other pages, are answered', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const browser = await loggedInAt({ url }, web)
  const status = async (path: string, headers: Record<string, string>) =>
    (await browser.visit(`${url}${path}`, { headers })).status
  for (const headers of prefetches) t.equal(await status('/profile', headers), 200)
  for (const value of ['', 'preview', 'no-prefetch', 'prefetched'])
    t.equal(await status('/login', { purpose: value }), 302, value)
  const post = await browser.visit(`${url}/logout`, { method: 'POST', headers: prefetches[0] ?? {} })
  t.equal(post.status, 302, 'browsers do not prefetch forms')
})

t.test(
  'a page that requires a login can be prefetched without a cookie or a request to the issuer',
  async (t) => {
    const { url } = await startWithIssuer(t)
    const browser = new WebBrowser()
    await browser.open(
      `${url}/protected`,
      { headers: { 'sec-purpose': 'prefetch' } },
      ({ pathname }) => pathname === '/login',
    )
    const { status } = await browser.visit(browser.trail.at(-1) as URL, {
      headers: { 'sec-purpose': 'prefetch' },
    })
    t.equal(status, 204)
    t.equal(browser.cookies(url).size, 0)
  },
)
