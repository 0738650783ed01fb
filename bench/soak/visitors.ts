import { loggedIn, sessionCookie } from '../../test/helpers/web-app.ts'

const BROWSERS = 10

/** E-mail address of the test account that logs in. */
export const VISITOR_EMAIL = 'reader@example.com'

/** Browsers with a logged-in user. */
export class Visitors {
  readonly #url: string
  #cookies: string[] = []

  constructor(url: string) {
    this.#url = url
  }

  /** Logs in with new browsers, which replace the previous ones. */
  async logIn(): Promise<void> {
    this.#cookies = await Promise.all(Array.from({ length: BROWSERS }, () => this.#logInOnce()))
  }

  cookie(): string | undefined {
    return this.#cookies[Math.floor(Math.random() * this.#cookies.length)]
  }

  async #logInOnce(): Promise<string> {
    const browser = await loggedIn(this.#url)
    const { url, status } = browser.page
    if (url.pathname !== '/profile') throw new Error(`the login ended at ${url} with ${status}`)
    return `gatehouse-session=${sessionCookie(browser, this.#url)}`
  }
}
