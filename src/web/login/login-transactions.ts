import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client'
import { Sealer } from './sealer.ts'

export const ATTEMPT_MS = 10 * 60_000
const MAX_ATTEMPTS = 5
/** Of `state`, in the name of its cookie: tells the tabs of a browser apart. */
const LABEL_LENGTH = 8

/** A log-in that was begun in some browser, which alone can complete it. */
export interface Attempt {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly returnTo: string | undefined
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** A browser's log-ins under way: each in a sealed cookie, so that whoever only looks at `/login` costs no memory. */
export class Attempts {
  readonly #sealer: Sealer
  readonly #name: (suffix: string) => string

  /** @param name makes the name of a cookie */
  constructor(secrets: readonly string[], name: (suffix: string) => string) {
    this.#sealer = new Sealer(secrets, 'gatehouse log-in attempt')
    this.#name = name
  }

  begin(returnTo: string | undefined, now: number): Attempt {
    return {
      state: randomState(),
      nonce: randomNonce(),
      codeVerifier: randomPKCECodeVerifier(),
      returnTo,
      expiresAt: now + ATTEMPT_MS,
    }
  }

  toCookie(attempt: Attempt): { name: string; value: string } {
    const name = this.cookieName(attempt.state)
    return { name, value: this.#sealer.seal(attempt, name) }
  }

  cookieName(state: string): string {
    return this.#name(`login-${state.slice(0, LABEL_LENGTH)}`)
  }

  /** The attempt with this state, if it was begun in the browser that sent the cookies, and not too long ago. */
  find(cookies: Cookies, dangerousState: unknown, now: number): Attempt | undefined {
    if (typeof dangerousState !== 'string') return undefined
    const attempt = this.#open(cookies, this.cookieName(dangerousState))
    return attempt?.state === dangerousState && now < attempt.expiresAt ? attempt : undefined
  }

  /** Names of the cookies that have to go so that there is room for one more: the oldest, and what is none of ours. */
  superfluous(cookies: Cookies): string[] {
    const prefix = this.#name('login-')
    const age = (name: string) => this.#open(cookies, name)?.expiresAt ?? 0
    const names = Object.keys(cookies).filter((name) => name.startsWith(prefix))
    return names.sort((a, b) => age(b) - age(a)).slice(MAX_ATTEMPTS - 1)
  }

  #open(cookies: Cookies, name: string): Attempt | undefined {
    const sealed = cookies[name]
    return sealed === undefined ? undefined : (this.#sealer.open(sealed, name) as Attempt | undefined)
  }
}

type Cookies = Readonly<Record<string, string | undefined>>
