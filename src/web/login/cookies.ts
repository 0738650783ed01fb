/** Of whoever has signed in; lives as long as the session may. */
export const SESSION_COOKIE = 'session'

/** The `Set-Cookie` attributes of all our cookies, and their names. */
export class Cookies {
  readonly options: { path: '/'; httpOnly: true; sameSite: 'lax'; secure: boolean }
  readonly #prefix: string

  constructor(baseUrl: string) {
    const secure = new URL(baseUrl).protocol === 'https:'
    this.options = { path: '/', httpOnly: true, sameSite: 'lax', secure }
    // RFC 6265bis, 4.1.3.2: not to be set by neighbouring hosts or over plain http
    this.#prefix = secure ? '__Host-' : ''
  }

  name(suffix: string): string {
    return `${this.#prefix}gatehouse-${suffix}`
  }
}
