import type { Test } from 'tap'
import type { Tenant } from '../../dev/tenant/index.ts'
import { api, tenantFor } from '../dev/helpers/tenant.ts'
import { type BuildOptions, buildApp, type TestApp } from './app.ts'
import { freePort } from './free-port.ts'
import type { TestIssuer } from './issuer.ts'
import { WebBrowser } from './web-browser.ts'

export const SECRET = 'a-secret-of-the-tests-for-sessions'

export type WebApp = TestApp & { url: string }

/** Environment that enables the web app at the address. */
export function webAppAt(url: string): Record<string, string> {
  return {
    AUTH0_CLIENT_ID: 'gatehouse-web',
    AUTH0_CLIENT_SECRET: 'gatehouse-web-secret',
    SESSION_SECRET: SECRET,
    BASE_URL: url,
  }
}

/** Starts the service with the web app, listening at its BASE_URL. */
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

/** Starts the web app with the local tenant as its issuer. */
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

/** A browser with a session of the web app. */
export async function loggedIn(url: string, name = 'reader', path = '/login'): Promise<WebBrowser> {
  const browser = new WebBrowser()
  await logIn(browser, url, name, path)
  return browser
}

/** Opens the path and logs in at the tenant. */
export async function logIn(browser: WebBrowser, url: string, name = 'reader', path = '/login') {
  await browser.open(`${url}${path}`)
  return browser.submit({ email: `${name}@example.com`, password: `${name}-password` })
}

export function isCallback(url: URL): boolean {
  return url.pathname === '/callback'
}

/** Value of the session cookie. */
export function sessionCookie(browser: WebBrowser, url: string): string | undefined {
  return browser.cookies(url).get('gatehouse-session')
}

export type { Tenant }
