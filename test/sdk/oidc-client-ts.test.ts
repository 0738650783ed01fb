import t from 'tap'
import { api, tenantFor } from '../dev/helpers/tenant.ts'
import { inBrowser } from '../helpers/browser.ts'
import { enterPassword, hasState, serveApplication } from './application.ts'

inBrowser(
  t,
  'an application with oidc-client-ts logs in, renews and logs out by redirect',
  async (t, browser) => {
    const tenant = await tenantFor(t)
    const url = await serveApplication(t, 'oidc-client-ts', {
      authority: tenant.issuer,
      client_id: 'gatehouse-spa',
      scope: 'openid profile email offline_access',
      extraQueryParams: { audience: api },
    })
    const page = await browser.newPage()
    await page.goto(url)
    await hasState(page, 'logged out')
    await page.evaluate('void window.manager.signinRedirect()')
    await enterPassword(page)
    await hasState(page, 'reader@example.com')

    const tokens = await page.evaluate<string[]>(`(async () => {
    const before = await window.manager.getUser()
    const after = await window.manager.signinSilent()
    return [before.access_token, after.access_token]
  })()`)
    t.equal(new Set(tokens).size, 2, 'a refresh token gives another access token')

    await page.evaluate('void window.manager.signoutRedirect()')
    await page.waitForURL(`${url}/`)
    await hasState(page, 'logged out')
    await page.evaluate('void window.manager.signinRedirect()')
    await page.getByLabel('Password').waitFor({ timeout: 20_000 })
  },
)
