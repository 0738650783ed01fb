import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client'
import { Sealer } from '../../crypto/sealer.ts'
import { serviceName } from '../../http/service.ts'
import type { RequiredLogin } from './step-up.ts'

export const TRANSACTION_MAX_AGE_MS = 10 * 60_000
const MAX_TRANSACTIONS = 10
/** Maximum length of their cookies without the new one. Node.js accepts 16 KiB of headers. */
const MAX_LENGTH = 6_000
/** Characters of `state` in the name of its cookie, so that each tab has a cookie of its own. */
const LABEL_LENGTH = 8
const LABEL = new RegExp(`^[\\w-]{${LABEL_LENGTH}}$`)
/** Maximum number of cookies that one response deletes. */
const MAX_DELETED = 20

/** A login that was started in one browser, and that only this browser can complete. */
export interface LoginTransaction {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly returnTo: string | undefined
  /** The login that the page requires, if it follows a challenge. */
  readonly required?: RequiredLogin | undefined
  /** ID of the organization to which the user logs in. */
  readonly organization?: string | undefined
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Logins in progress. Each is in a sealed cookie of its browser, so an unfinished login costs the service no memory. */
export class LoginTransactions {
  readonly #sealer: Sealer
  readonly #name: (suffix: string) => string

  /** @param name makes the name of a cookie */
  constructor(secrets: readonly string[], name: (suffix: string) => string) {
    this.#sealer = new Sealer(secrets, `${serviceName} login transaction`)
    this.#name = name
  }

  begin(
    login: Pick<LoginTransaction, 'returnTo' | 'required' | 'organization'>,
    now: number,
  ): LoginTransaction {
    return {
      ...login,
      state: randomState(),
      nonce: randomNonce(),
      codeVerifier: randomPKCECodeVerifier(),
      expiresAt: now + TRANSACTION_MAX_AGE_MS,
    }
  }

  toCookie(transaction: LoginTransaction): { name: string; value: string } {
    const name = this.cookieName(transaction.state)
    return { name, value: this.#sealer.seal(transaction, name) }
  }

  cookieName(state: string): string {
    return this.#name(`login-${state.slice(0, LABEL_LENGTH)}`)
  }

  /** Finds the transaction with this state, if the browser that sent the cookies started it and it is not expired. */
  find(cookies: Cookies, dangerousState: unknown, now: number): LoginTransaction | undefined {
    if (typeof dangerousState !== 'string') return undefined
    const transaction = this.#open(cookies, this.cookieName(dangerousState))
    const isMatch = transaction?.state === dangerousState && now < transaction.expiresAt
    return isMatch ? transaction : undefined
  }

  /**
   * Names the cookies to delete so that one more fits: those that cannot be opened first, then the oldest. Cookies with
   * other names are not ours, and some of their names are not valid in `Set-Cookie`.
   */
  superfluous(cookies: Cookies): string[] {
    const prefix = this.#name('login-')
    const names = Object.keys(cookies).filter(
      (name) => name.startsWith(prefix) && LABEL.test(name.slice(prefix.length)),
    )
    const newestFirst = names
      .map((name) => ({ name, expiresAt: this.#open(cookies, name)?.expiresAt ?? 0 }))
      .sort((a, b) => b.expiresAt - a.expiresAt)
    let length = 0
    const superfluous = newestFirst.filter(({ name }, index) => {
      length += `${name}=${cookies[name]}; `.length
      return index >= MAX_TRANSACTIONS - 1 || length > MAX_LENGTH
    })
    return superfluous.slice(-MAX_DELETED).map(({ name }) => name)
  }

  #open(cookies: Cookies, name: string): LoginTransaction | undefined {
    const sealed = cookies[name]
    return sealed === undefined
      ? undefined
      : (this.#sealer.open(sealed, name) as LoginTransaction | undefined)
  }
}

type Cookies = Readonly<Record<string, string | undefined>>
