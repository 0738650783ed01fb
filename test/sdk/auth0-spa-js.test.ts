import type { Page } from 'playwright-core'
import t from 'tap'
import { api, tenantFor } from '../dev/helpers/tenant.ts'
import { buildApp } from '../helpers/app.ts'
import { inBrowser } from '../helpers/browser.ts'
import { freePort } from '../helpers/free-port.ts'
import { enterPassword, hasState, serveApplication } from './application.ts'

const email = 'reader@example.com'

/** Calls the SDK in the page, after it is ready. `body` is a program that uses `client`. */
function inPage<T>(page: Page, body: string): Promise<T> {
  return page.evaluate<T>(`window.ready.then(async () => { const client = window.auth0Client; ${body} })`)
}

inBrowser(
  t,
  'an application with the defaults of auth0-spa-js logs in, reloads, calls the API and logs out',
  async (t, browser) => {
    const tenant = await tenantFor(t)
    const { host } = new URL(tenant.issuer)
    const appPort = await freePort()
    const service = await buildApp(
      t,
      { url: tenant.issuer },
      { environment: { AUTH0_AUDIENCE: api, CLIENT_ORIGIN_URL: `http://localhost:${appPort}` } },
    )
    const serviceUrl = await service.listen({ port: 0, host: '127.0.0.1' })
    const options = {
      domain: `http://${host}`,
      clientId: 'gatehouse-spa',
      authorizationParams: { audience: api },
    }
    const url = await serveApplication(t, 'auth0-spa-js', options, appPort)
    const page = await browser.newPage()

    await page.goto(url)
    await hasState(page, 'logged out')
    await page.evaluate('void window.auth0Client.loginWithRedirect()')
    await enterPassword(page)
    await hasState(page, email)

    const began = performance.now()
    await page.reload()
    await hasState(page, email)
    await inPage(page, 'return client.getTokenSilently()')
    t.ok(performance.now() - began < 50_000, 'a reload does not wait for the time-out of the SDK (60 s)')

    const status = await inPage<number>(
      page,
      `const token = await client.getTokenSilently({ cacheMode: 'off' })
     const headers = { authorization: 'Bearer ' + token }
     return (await fetch('${serviceUrl}/api/private', { headers })).status`,
    )
    t.equal(status, 200)

    await page.evaluate(`void window.auth0Client.logout({ logoutParams: { returnTo: '${url}' } })`)
    await page.waitForURL(`${url}/`)
    await hasState(page, 'logged out')
    const error = await inPage<string>(
      page,
      "return client.getTokenSilently().then(() => 'logged in', (error) => error.error)",
    )
    t.match(error, /^(login_required|missing_refresh_token)$/)
  },
)

inBrowser(t, 'a popup logs in, and refresh tokens give tokens without the session', async (t, browser) => {
  const tenant = await tenantFor(t)
  const { host } = new URL(tenant.issuer)
  const url = await serveApplication(t, 'auth0-spa-js', {
    domain: `http://${host}`,
    clientId: 'gatehouse-spa',
    useRefreshTokens: true,
    cacheLocation: 'localstorage',
    authorizationParams: { audience: api, scope: 'openid profile email offline_access' },
  })
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(url)
  await hasState(page, 'logged out')
  const popup = page.waitForEvent('popup')
  const loggedIn = inPage<string>(
    page,
    'await client.loginWithPopup(); return (await client.getUser()).email',
  )
  await enterPassword(await popup)
  t.equal(await loggedIn, email)

  await context.clearCookies()
  const token = await inPage<string>(page, "return client.getTokenSilently({ cacheMode: 'off' })")
  t.equal(token.split('.').length, 3)
})
