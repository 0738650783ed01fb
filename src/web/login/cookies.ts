import { serviceName } from '../../http/service.ts'

/** Name suffix of the session cookie, which lasts as long as a session can. */
export const SESSION_COOKIE = 'session'

/** Names and `Set-Cookie` attributes of all cookies of the web app. */
export class Cookies {
  readonly options: { path: '/'; httpOnly: true; sameSite: 'lax'; secure: boolean }
  readonly #prefix: string

  constructor(baseUrl: string) {
    const secure = new URL(baseUrl).protocol === 'https:'
    this.options = { path: '/', httpOnly: true, sameSite: 'lax', secure }
    // RFC 6265bis, 4.1.3.2: neighbouring hosts and plain http cannot set such a cookie
    this.#prefix = secure ? '__Host-' : ''
  }

  /** Attributes of a cookie that ends after the time in milliseconds. */
  lasting(ageMs: number) {
    return { ...this.options, maxAge: ageMs / 1000 }
  }

  name(suffix: string): string {
    return `${this.#prefix}${serviceName}-${suffix}`
  }
}
