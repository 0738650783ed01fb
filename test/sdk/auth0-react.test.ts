import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { npmStart } from '../dev/helpers/npm-start.ts'
import { api } from '../dev/helpers/tenant.ts'
import { inBrowser } from '../helpers/browser.ts'
import { freePort } from '../helpers/free-port.ts'
import { enterPassword, hasState, serveApplication } from './application.ts'

const email = 'reader@example.com'

/** Runs `npm start`, and serves an application for it with the settings of Auth0's samples and some more. */
async function startWithApplication(t: Test, environment: Record<string, string>, more: object = {}) {
  const port = await freePort()
  const { url, tenantPort } = await npmStart(t, {
    CLIENT_ORIGIN_URL: `http://localhost:${port}`,
    ...environment,
  })
  const scheme = environment.TENANT_TLS ? '' : 'http://'
  const options = {
    domain: `${scheme}localhost:${tenantPort}`,
    clientId: 'gatehouse-spa',
    apiUrl: `${url}/api/messages/protected`,
    authorizationParams: { audience: api },
    ...more,
  }
  return serveApplication(t, 'auth0-react', options, port)
}

async function click(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click()
}

/** Calls the API with a new token. Returns the status, or the error of the SDK. */
async function callApi(page: Page): Promise<string | null> {
  await click(page, 'Call')
  const result = page.locator('#result', { hasText: /./ })
  await result.waitFor({ timeout: 20_000 })
  return result.textContent()
}

/** Logs in by redirect and reloads the application. */
async function logInAndReload(t: Test, page: Page, url: string): Promise<void> {
  await page.goto(url)
  await hasState(page, 'logged out')
  await click(page, 'Redirect')
  await enterPassword(page)
  await hasState(page, email)
  const began = performance.now()
  await page.reload()
  await hasState(page, email)
  const elapsedMs = performance.now() - began
  t.comment(`${Math.round(elapsedMs)} ms from the reload to the user`)
  t.ok(elapsedMs < 50_000, 'a reload does not wait for the time-out of the SDK (60 s)')
}

inBrowser(
  t,
  'an application with the defaults of auth0-react works with npm start: redirect, reload, API, logout, popup',
  async (t, browser) => {
    const url = await startWithApplication(t, {})
    const page = await browser.newPage()
    await logInAndReload(t, page, url)
    t.equal(await callApi(page), '200')

    await click(page, 'Leave')
    await page.waitForURL(`${url}/`)
    await hasState(page, 'logged out')
    t.match(await callApi(page), /^(login_required|missing_refresh_token)$/)

    const popup = page.waitForEvent('popup')
    await click(page, 'Popup')
    await enterPassword(await popup)
    await hasState(page, email)
    t.equal(await callApi(page), '200')
  },
)

inBrowser(
  t,
  'an application with auth0-react and refresh tokens works with TLS, without the session of the tenant',
  async (t, browser) => {
    const refreshTokens = { useRefreshTokens: true, cacheLocation: 'localstorage' }
    const url = await startWithApplication(t, { TENANT_TLS: '1' }, refreshTokens)
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const page = await context.newPage()
    await logInAndReload(t, page, url)
    await context.clearCookies()
    t.equal(await callApi(page), '200')
  },
)
