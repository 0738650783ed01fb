import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { complaintsOf } from './browser.ts'

const PATIENCE_MS = 90_000

export const WIDE = { width: 1280, height: 800 }
export const NARROW = { width: 400, height: 800 }

/** Somebody with a Chromium of their own, in which nothing has been opened yet. */
export class Visitor {
  readonly context: BrowserContext
  readonly page: Page
  /** Of scripts, of the content security policy, of missing files. */
  readonly complaints: string[]
  /** Every address that was asked for so far, redirects included. */
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
    this.complaints = complaintsOf(page)
    this.context.on('request', (request) => this.addresses.push(new URL(request.url())))
  }

  /** Fills in and sends the page on which the tenant asks who it is. */
  async identify(email: string, password: string): Promise<void> {
    await this.page.getByLabel('Email address').fill(email)
    await this.page.getByLabel('Password').fill(password)
    await this.page.locator('form button').click()
  }

  /** Logs in by way of this page, as one of the throwaway accounts. */
  async logIn(url: string, name: string, path = '/login'): Promise<void> {
    await this.page.goto(`${url}${path}`)
    await this.identify(`${name}@example.com`, `${name}-password`)
    await this.page.waitForURL(`${url}${path === '/login' ? '/profile' : path}`)
  }

  async logOut(url: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Log Out' }).click()
    await this.page.waitForURL(`${url}/`)
  }

  heading(): Promise<string | null> {
    return this.page.locator('h1').textContent()
  }

  /** The names of the tabs and buttons in the bar. */
  async navigation(): Promise<string[]> {
    const texts = await this.page.locator('#menu').locator('a, button').allTextContents()
    return texts.map((text) => text.trim())
  }

  /** What the box of code says. */
  async box(): Promise<{ caption: string | null; code: Record<string, unknown> }> {
    const caption = await this.page.locator('figcaption').textContent()
    return { caption, code: JSON.parse((await this.page.locator('figure code').textContent()) ?? '') }
  }

  async sessionCookie(url: string) {
    const cookies = await this.context.cookies(url)
    return cookies.find(({ name }) => name === 'gatehouse-session')
  }
}
