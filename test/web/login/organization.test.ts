import t from 'tap'
import { sessionCookie } from '../../helpers/web-app.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startLogin, startWithIssuer } from '../../helpers/web-issuer.ts'

const organization = 'org_a1B2'
const path = `/login?organization=${organization}&returnTo=/public`

t.test('a login for an organization requests it, and ends with a session', async (t) => {
  const { url, web } = await startWithIssuer(t)
  web.idClaims = { org_id: organization }
  for (const start of [path, path.replace('login', 'signup')]) {
    const browser = new WebBrowser()
    const request = await startLogin(browser, url, start)
    t.equal(request.searchParams.get('organization'), organization)
    t.equal((await browser.visit(web.callback(request))).headers.get('location'), '/public')
    t.ok(sessionCookie(browser, url))
  }
  t.equal((await startLogin(new WebBrowser(), url)).searchParams.get('organization'), null)
})

t.test('a login for an organization is rejected unless the ID token names it', async (t) => {
  const { url, web } = await startWithIssuer(t)
  for (const org_id of [undefined, null, '', 'org_other', 'ORG_A1B2', [organization]]) {
    web.idClaims = { org_id }
    const { page, cookies } = await loggedInAt({ url }, web, path).then((browser) => ({
      page: browser.page,
      cookies: browser.cookies(url),
    }))
    t.equal(page.status, 400, JSON.stringify(org_id))
    t.match(page.text, 'has not performed the login for the requested organization')
    t.equal(cookies.size, 0)
  }
  web.idClaims = { org_id: 'org_other' }
  t.equal((await loggedInAt({ url }, web)).page.status, 302, 'without a requested one, any is accepted')
})

t.test('an organization that is not an ID is 400', async (t) => {
  const { url, web } = await startWithIssuer(t)
  for (const query of ['organization=', 'organization=acme', 'organization=org_', 'organization=org_a%20b'])
    t.equal((await new WebBrowser().visit(`${url}/login?${query}`)).status, 400, query)
  const twice = await new WebBrowser().visit(`${url}/login?organization=org_a&organization=org_b`)
  t.equal(twice.status, 400)
  t.equal(web.requests.length, 0)
})

t.test('a login that a page requires keeps the organization of the session', async (t) => {
  const { url, web } = await startWithIssuer(t, { ADMIN_MAX_AGE_SECONDS: '60' })
  web.idClaims = { org_id: organization }
  const browser = await loggedInAt({ url }, web, path)
  const { headers } = await browser.visit(`${url}/admin`)
  const request = await startLogin(browser, url, headers.get('location') ?? '')
  t.match(Object.fromEntries(request.searchParams), { organization, max_age: '60' })
  t.equal((await startLogin(browser, url)).searchParams.get('organization'), null, 'another login does not')
})
