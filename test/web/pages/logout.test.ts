import t from 'tap'
import { loggedIn, sessionCookie, startWebApp } from '../../helpers/web-app.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startWithIssuer } from '../../helpers/web-issuer.ts'

const form = { method: 'POST', body: new URLSearchParams() }

for (const method of ['POST', 'GET']) {
  t.test(`${method} /logout ends the session here and at the issuer`, async (t) => {
    const { url, tenant } = await startWebApp(t)
    const browser = await loggedIn(url)
    const thief = new WebBrowser()
    thief.cookies(url).set('gatehouse-session', sessionCookie(browser, url) ?? '')
    t.equal((await thief.visit(`${url}/profile`)).status, 200)

    await browser.open(`${url}/logout`, method === 'POST' ? form : {})
    const [, issuer, home] = browser.trail
    const query = new URLSearchParams({ client_id: 'gatehouse-web', returnTo: url })
    t.equal(issuer?.href, `${tenant.issuer}v2/logout?${query}`)
    t.equal(home?.href, `${url}/`)
    t.equal(browser.page.status, 200)
    t.equal(sessionCookie(browser, url), undefined)
    t.equal((await thief.visit(`${url}/profile`)).status, 302, 'even with a copy of the cookie')
    await browser.open(`${url}/login`)
    t.match(browser.page.text, 'Log in', 'the issuer asks again')
  })
}

t.test('logout needs no session, and HEAD does not log out', async (t) => {
  const { url, web } = await startWithIssuer(t)
  t.equal((await new WebBrowser().visit(`${url}/logout`, form)).status, 302)
  const browser = await loggedInAt({ url }, web)
  t.equal((await browser.visit(`${url}/logout`, { method: 'HEAD' })).status, 405)
  t.equal((await browser.visit(`${url}/profile`)).status, 200)
})

t.test('a form of another site does not log the user out', async (t) => {
  const { url, web } = await startWithIssuer(t)
  const browser = await loggedInAt({ url }, web)
  for (const headers of [
    { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    { 'sec-fetch-site': 'same-site', origin: url },
    { 'sec-fetch-site': 'nonsense' },
    { origin: 'https://evil.example' },
    { origin: url.replace('localhost', 'localhost.evil.example') },
    { origin: `${url}1` },
  ]) {
    const { status, text } = await browser.visit(`${url}/logout`, { ...form, headers })
    t.equal(status, 403, JSON.stringify(headers))
    t.match(text, 'The request comes from another site')
    t.equal((await browser.visit(`${url}/profile`)).status, 200)
  }
  for (const headers of [
    { 'sec-fetch-site': 'same-origin', origin: url },
    { 'sec-fetch-site': 'same-origin', origin: 'null' }, // our pages send no referrer
    { 'sec-fetch-site': 'none' },
    { origin: url },
    { origin: 'null' },
    {},
  ]) {
    const own = await loggedInAt({ url }, web)
    t.equal((await own.visit(`${url}/logout`, { ...form, headers })).status, 302, JSON.stringify(headers))
    t.equal((await own.visit(`${url}/profile`)).status, 302)
  }
})

t.test('issuers without Auth0’s paths name their logout endpoint in the metadata', async (t) => {
  const { url, web, issuer } = await startWithIssuer(t)
  const discovery = {
    issuer: issuer.url,
    jwks_uri: `${issuer.url}jwks.json`,
    authorization_endpoint: `${issuer.url}authorize`,
    token_endpoint: `${issuer.url}oauth/token?tenant=1`,
  }
  issuer.discovery = { ...discovery, end_session_endpoint: `${issuer.url}end?tenant=1` }
  const browser = await loggedInAt({ url }, web)
  const { headers } = await browser.visit(`${url}/logout`, form)
  const target = new URL(headers.get('location') ?? '')
  t.equal(`${target.origin}${target.pathname}`, `${issuer.url}end`)
  const { id_token_hint, ...query } = Object.fromEntries(target.searchParams)
  t.strictSame(query, { tenant: '1', client_id: 'gatehouse-web', post_logout_redirect_uri: url })
  t.match(id_token_hint, /^ey.*\..*\./)
  const visitor = await new WebBrowser().visit(`${url}/logout`, form)
  t.notMatch(visitor.headers.get('location'), 'id_token_hint')

  for (const end_session_endpoint of [undefined, 'http://evil.example/end', 'nonsense']) {
    const another = await startWithIssuer(t)
    another.issuer.discovery = {
      issuer: another.issuer.url,
      authorization_endpoint: `${another.issuer.url}authorize`,
      token_endpoint: `${another.issuer.url}token`,
      end_session_endpoint,
    }
    const { headers } = await new WebBrowser().visit(`${another.url}/logout`, form)
    t.equal(headers.get('location'), another.url, String(end_session_endpoint))
  }
})

t.test('logout works while the issuer is unavailable', async (t) => {
  const { url, issuer } = await startWithIssuer(t)
  await issuer.stop()
  const { status, headers } = await new WebBrowser().visit(`${url}/logout`, form)
  t.equal(status, 302)
  t.match(headers.get('location'), `${issuer.url}v2/logout?`)
})

t.test('the origin of the web app is that of BASE_URL, with its port', async (t) => {
  const { app } = await startWithIssuer(t, { BASE_URL: 'https://app.example:8443' })
  const status = async (origin: string) =>
    (await app.inject({ method: 'POST', url: '/logout', headers: { origin } })).statusCode
  t.equal(await status('https://app.example:8443'), 302)
  for (const origin of [
    'https://app.example',
    'http://app.example:8443',
    'https://app.example:8443.evil.example',
  ])
    t.equal(await status(origin), 403, origin)
})
