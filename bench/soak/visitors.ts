import { sessionCookie, signedIn } from '../../test/helpers/web-app.ts'

const BROWSERS = 10

/** Of the one throwaway account that signs in. */
export const VISITOR_EMAIL = 'reader@example.com'

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
    const browser = await signedIn(this.#url)
    const { url, status } = browser.page
    if (url.pathname !== '/profile') throw new Error(`the sign-in ended at ${url} with ${status}`)
    return `gatehouse-session=${sessionCookie(browser, this.#url)}`
  }
}
