import type { Test } from 'tap'
import type { Tenant } from '../../dev/tenant/index.ts'
import { api, tenantFor } from '../dev/helpers/tenant.ts'
import { type BuildOptions, buildApp, type TestApp } from './app.ts'
import { freePort } from './free-port.ts'
import type { TestIssuer } from './issuer.ts'
import { WebBrowser } from './web-browser.ts'

export const SECRET = 'a-secret-of-the-tests-for-sessions'

export type WebApp = TestApp & { url: string }

/** What switches the web app on, at that address. */
export function webAppAt(url: string): Record<string, string> {
  return {
    AUTH0_CLIENT_ID: 'gatehouse-web',
    AUTH0_CLIENT_SECRET: 'gatehouse-web-secret',
    SESSION_SECRET: SECRET,
    BASE_URL: url,
  }
}

/** The service with the web app on, listening where its BASE_URL says. */
export async function listenAsWebApp(
  t: Test,
  issuer: Pick<TestIssuer, 'url'>,
  { environment, ...options }: BuildOptions = {},
  port?: number,
): Promise<WebApp> {
  const ownPort = port ?? (await freePort())
  const url = `http://localhost:${ownPort}`
  const app = await buildApp(t, issuer, { ...options, environment: { ...webAppAt(url), ...environment } })
  await app.listen({ port: ownPort })
  return Object.assign(app, { url })
}

/** The web app and the local tenant at which people sign in to it. */
export async function startWebApp(
  t: Test,
  environment: Record<string, string> = {},
  options: BuildOptions = {},
) {
  const port = await freePort()
  const tenant = await tenantFor(t, `http://localhost:${port}`)
  const app = await listenAsWebApp(t, { url: tenant.issuer }, inTenant(environment, options), port)
  return { tenant, app, url: app.url }
}

export function inTenant(environment: Record<string, string>, options: BuildOptions = {}): BuildOptions {
  return { ...options, environment: { AUTH0_AUDIENCE: api, ...environment } }
}

/** A browser in which somebody has signed in to the web app. */
export async function loggedIn(url: string, name = 'reader', path = '/login'): Promise<WebBrowser> {
  const browser = new WebBrowser()
  await logIn(browser, url, name, path)
  return browser
}

/** Goes to the log-in page by this path and logs in there. */
export async function logIn(browser: WebBrowser, url: string, name = 'reader', path = '/login') {
  await browser.open(`${url}${path}`)
  return browser.submit({ email: `${name}@example.com`, password: `${name}-password` })
}

export function isCallback(url: URL): boolean {
  return url.pathname === '/callback'
}

/** What the browser holds for the web app's session. */
export function sessionCookie(browser: WebBrowser, url: string): string | undefined {
  return browser.cookies(url).get('gatehouse-session')
}

export type { Tenant }
