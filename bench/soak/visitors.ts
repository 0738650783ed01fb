import { WebBrowser } from '../../test/helpers/web-browser.ts'

const BROWSERS = 10

/** One of the tenant's throwaway accounts. */
export const visitor = { email: 'reader@example.com', password: 'reader-password' }

/** Browsers in which somebody has signed in to the web app. */
export class Visitors {
  readonly #url: string
  #cookies: string[] = []

  constructor(url: string) {
    this.#url = url
  }

  /** In new browsers, which take the place of those before. */
  async signIn(): Promise<void> {
    this.#cookies = await Promise.all(Array.from({ length: BROWSERS }, () => this.#signInOnce()))
  }

  cookie(): string | undefined {
    return this.#cookies[Math.floor(Math.random() * this.#cookies.length)]
  }

  async #signInOnce(): Promise<string> {
    const browser = new WebBrowser()
    await browser.open(`${this.#url}/login`)
    const { url, status } = await browser.submit(visitor)
    if (url.pathname !== '/profile') throw new Error(`the sign-in ended at ${url} with ${status}`)
    return [...browser.cookies(this.#url)].map((pair) => pair.join('=')).join('; ')
  }
}
