import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { consoleErrorsOf } from './browser.ts'

const PATIENCE_MS = 90_000

export const WIDE = { width: 1280, height: 800 }
export const NARROW = { width: 400, height: 800 }

/** A user with a fresh Chromium context. */
export class Visitor {
  readonly context: BrowserContext
  readonly page: Page
  /** Errors of scripts, the content security policy and missing files. */
  readonly consoleErrors: string[]
  /** Every address requested so far, including redirects. */
  readonly addresses: URL[] = []

  static async arrive(t: Test, browser: Browser, viewport = WIDE): Promise<Visitor> {
    const context = await browser.newContext({ viewport })
    t.teardown(() => context.close())
    context.setDefaultTimeout(PATIENCE_MS)
    return new Visitor(await context.newPage())
  }

  constructor(page: Page) {
    this.context = page.context()
    this.page = page
    this.consoleErrors = consoleErrorsOf(page)
    this.context.on('request', (request) => this.addresses.push(new URL(request.url())))
  }

  /** Fills in and submits the login or sign-up page of the tenant. */
  async enterCredentials(email: string, password: string): Promise<void> {
    await this.page.getByLabel('Email address').fill(email)
    await this.page.getByLabel('Password').fill(password)
    await this.page.locator('form button').click()
  }

  /** Opens the path and logs in with a throwaway account. */
  async logIn(url: string, name: string, path = '/login'): Promise<void> {
    await this.page.goto(`${url}${path}`)
    await this.enterCredentials(`${name}@example.com`, `${name}-password`)
    await this.page.waitForURL(`${url}${path === '/login' ? '/profile' : path}`)
  }

  async logOut(url: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Log Out' }).click()
    await this.page.waitForURL(`${url}/`)
  }

  heading(): Promise<string | null> {
    return this.page.locator('h1').textContent()
  }

  /** Names of the tabs and buttons in the navigation bar. */
  async navigation(): Promise<string[]> {
    const texts = await this.page.locator('#menu').locator('a, button').allTextContents()
    return texts.map((text) => text.trim())
  }

  /** Contents of the code box. */
  async box(): Promise<{ caption: string | null; code: Record<string, unknown> }> {
    const caption = await this.page.locator('figcaption').textContent()
    return { caption, code: JSON.parse((await this.page.locator('figure code').textContent()) ?? '') }
  }

  async sessionCookie(url: string) {
    const cookies = await this.context.cookies(url)
    return cookies.find(({ name }) => name === 'gatehouse-session')
  }
}
