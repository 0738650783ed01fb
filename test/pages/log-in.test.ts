import t from 'tap'
import { api } from '../dev/helpers/tenant.ts'
import { startWebApp } from '../helpers/web-app.ts'
import { WebBrowser } from '../helpers/web-browser.ts'

t.test('somebody who logs in is led to their profile, signed in', async (t) => {
  const { url, tenant } = await startWebApp(t)
  const browser = new WebBrowser()
  await browser.open(`${url}/login`)
  const [, authorize] = browser.trail
  const { state, nonce, code_challenge, ...others } = Object.fromEntries(authorize?.searchParams ?? [])
  t.equal(authorize?.origin + String(authorize?.pathname), `${tenant.issuer}authorize`)
  t.strictSame(others, {
    redirect_uri: `${url}/callback`,
    scope: 'openid profile email offline_access',
    audience: api,
    code_challenge_method: 'S256',
    client_id: 'gatehouse-web',
    response_type: 'code',
  })
  for (const random of [state, nonce, code_challenge]) t.match(random, /^[\w-]{43}$/)

  await browser.submit({ email: 'admin@example.com', password: 'admin-password' })
  t.equal(browser.page.url.href, `${url}/profile`)
  t.equal(browser.page.status, 200)
  for (const text of ['admin', 'admin@example.com', `${tenant.issuer}picture/a.svg`, 'auth0|'])
    t.match(browser.page.text, text)
  await browser.open(`${url}/admin`)
  t.match(browser.page.text, 'This is an admin message.')
})
