import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { inBrowser } from '../../helpers/browser.ts'
import { Visitor } from '../../helpers/visitor.ts'
import { startWebApp } from '../../helpers/web-app.ts'

t.setTimeout(600_000)

const JWT = /eyJ[\w-]+\.eyJ/

inBrowser(t, 'the web app in a browser', async (t, browser) => {
  const { url, tenant, app } = await startWebApp(t)

  t.test('hides tokens and session from scripts, pages and addresses', async (t) => {
    const visitor = await Visitor.arrive(t, browser)
    const { page, context, addresses, consoleErrors } = visitor
    await visitor.logIn(url, 'admin')
    const cookie = await visitor.sessionCookie(url)
    t.match(cookie, { httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost' })
    const session = await app.login.sessions.find(cookie?.value ?? '', Date.now())
    const { accessToken, refreshToken, idToken } = session?.contents ?? {}
    const secrets = [accessToken, refreshToken, idToken, cookie?.value]
    for (const secret of secrets) t.match(secret, /^.{40,}$/)

    for (const path of ['/profile', '/protected', '/admin', '/public', '/', '/nowhere', '/callback?code=x']) {
      const response = await page.goto(`${url}${path}`)
      const html = (await response?.text()) ?? ''
      t.match(html, 'Log Out')
      t.notMatch(html, JWT)
      for (const secret of secrets) t.notOk(html.includes(secret ?? ''), path)
      t.equal(await page.evaluate('document.cookie'), '')
      t.equal(await page.evaluate('localStorage.length + sessionStorage.length'), 0)
    }
    await visitor.logOut(url)

    const seen = addresses.map(({ href }) => href).join(' ')
    for (const path of ['/callback', '/logout']) t.ok(seen.includes(`${url}${path}`))
    t.notMatch(seen, JWT)
    for (const secret of secrets) t.notOk(seen.includes(encodeURIComponent(secret ?? '')))
    const origins = new Set(addresses.map(({ origin }) => `${origin}/`))
    t.strictSame([...origins].sort(), [`${url}/`, tenant.issuer].sort(), 'no other origin is requested')
    t.strictSame(
      (await context.cookies()).filter(({ httpOnly }) => !httpOnly),
      [],
    )
    t.strictSame(consoleErrors, [])
  })

  t.test('shows markup in names as text', async (t) => {
    const visitor = await Visitor.arrive(t, browser)
    const { page, consoleErrors } = visitor
    const markup = `"'><img/src=x/onerror=alert(1)><script>alert(2)</script>&lt;\${7*7}<%=7*7%>@example.org`
    await page.goto(`${url}/signup`)
    await visitor.enterCredentials(markup, 'a-long-password')
    await page.waitForURL(`${url}/profile`)
    t.equal(await page.locator('h2').textContent(), markup)
    t.match((await visitor.box()).code, { email: markup, name: markup })
    t.equal(await page.locator('main script, main img[src="x"]').count(), 0)
    t.strictSame(consoleErrors, [])
  })

  t.test('keeps users logged in, whatever form of another site they send', async (t) => {
    const visitor = await Visitor.arrive(t, browser)
    const { page } = visitor
    await visitor.logIn(url, 'member')
    // The browser treats localhost with another port as the same site, so it sends the cookie
    for (const host of ['127.0.0.1', 'localhost']) {
      const site = await otherSite(t, host, `${url}/logout`)
      for (const method of ['post', 'referring']) {
        await page.goto(`${site}/${method}`)
        const [response] = await Promise.all([
          page.waitForResponse(`${url}/logout`),
          page.getByRole('button', { name: 'Win a prize' }).click(),
        ])
        t.equal(response.status(), 403, `${method} from ${host}`)
        await page.getByText('The request comes from another site.').waitFor()
        const cookie = (await response.request().allHeaders()).cookie ?? ''
        t.equal(cookie.includes('gatehouse-session'), host === 'localhost')
        await page.goto(`${url}/profile`)
        t.match((await visitor.box()).code, { email: 'member@example.com' })
      }
    }
    await visitor.logOut(url)
    await page.goto(`${url}/profile`)
    t.equal(await visitor.heading(), 'Log in')
  })
})

inBrowser(t, 'a login that the issuer denies', async (t, browser) => {
  t.test('is an error page with a link to a new login', async (t) => {
    const { url, tenant } = await startWebApp(t)
    const visitor = await Visitor.arrive(t, browser)
    const { page, addresses, consoleErrors } = visitor
    await page.goto(`${url}/login`)
    const request = addresses.find(({ pathname }) => pathname === '/authorize')
    const query = new URLSearchParams({
      error: 'access_denied',
      error_description: '<b>Cancelled</b>',
      state: request?.searchParams.get('state') ?? '',
      iss: tenant.issuer,
    })
    const response = await page.goto(`${url}/callback?${query}`)
    t.equal(response?.status(), 400)
    await page.getByText('The identity provider denied the login.').waitFor()
    t.notMatch(await page.content(), 'Cancelled')
    await page.locator('main').getByRole('link', { name: 'Log In' }).click()
    await visitor.enterCredentials('member@example.com', 'member-password')
    await page.waitForURL(`${url}/profile`)
    t.strictSame(consoleErrors, [])
  })

  t.test('because of an unknown audience is also an error page', async (t) => {
    const { url, tenant } = await startWebApp(t, { AUTH0_AUDIENCE: 'https://elsewhere/api' })
    const visitor = await Visitor.arrive(t, browser)
    const { page, addresses } = visitor
    const response = await page.goto(`${url}/login`)
    t.equal(response?.status(), 400)
    t.match(
      addresses.map(({ href }) => href),
      [`${url}/login`, `${tenant.issuer}authorize?`, `${url}/callback?`],
    )
    t.equal(await visitor.heading(), 'That did not work')
    await page.getByRole('link', { name: 'Go to the home page' }).click()
    await page.waitForURL(`${url}/`)
    t.strictSame(visitor.consoleErrors, [])
  })
})

/** Starts another site with a form that posts to the target. @returns its origin */
async function otherSite(t: Test, host: string, target: string): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/referring')
      response.setHeader('referrer-policy', 'unsafe-url') // so it sends its origin
    else response.setHeader('referrer-policy', 'no-referrer')
    response.setHeader('content-type', 'text/html')
    response.end(`<form method="post" action="${target}"><button>Win a prize</button></form>`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://${host}:${(server.address() as AddressInfo).port}`
}
