import { setTimeout as delay } from 'node:timers/promises'
import type { ServiceError } from '../../errors/catalogue.ts'
import { SingleFlight } from '../../http/single-flight.ts'
import { withTimeout } from '../../http/with-timeout.ts'
import { storeErrors } from '../../plugins/store/index.ts'
import { issuerTimeout, issuerUnavailable, MAX_WAIT_MS } from './issuer-unavailable.ts'
import type { Session, SessionContents, Sessions } from './sessions.ts'
import type { Tokens } from './tokens.ts'

/** Time before expiry at which a token is refreshed: it still has to reach the API. */
const MARGIN_MS = 30_000
/** Longer than a refresh can take, by more than the clocks of two processes may differ (docs/resilience.md). If a process dies while it refreshes, the others wait no longer than this. */
export const LEASE_MS = 30_000
const POLL_MS = 100

export interface AccessTokensOptions {
  readonly sessions: Sessions
  /** Asks the issuer for new tokens; undefined when it rejects the refresh token for good. */
  readonly refresh: (refreshToken: string, subject: string) => Promise<Tokens | undefined>
  readonly clock: () => number
}

/**
 * Access tokens of sessions, refreshed before they expire. An issuer that rotates refresh tokens takes the second use of
 * one for theft and revokes them all. So each is used once: requests in this process share one refresh, and of several
 * processes only the one that holds the lease refreshes.
 */
export class AccessTokens {
  readonly #options: AccessTokensOptions
  readonly #refreshes = new SingleFlight<Session | undefined>()

  constructor(options: AccessTokensOptions) {
    this.#options = options
  }

  /**
   * Returns an access token that is not expired, or undefined when the session has ended.
   *
   * @throws {ServiceError} 503 when the issuer is unavailable; the session goes on
   */
  async of(session: Session): Promise<string | undefined> {
    const { accessToken, accessTokenExpiresAt = Number.POSITIVE_INFINITY, refreshToken } = session.contents
    const remaining = accessTokenExpiresAt - this.#options.clock()
    if (remaining > (refreshToken === undefined ? 0 : MARGIN_MS)) return accessToken
    try {
      const refresh = this.#refreshes.run(session.idHash, () => this.#refresh(session))
      return (await withTimeout(refresh, MAX_WAIT_MS, issuerTimeout))?.contents.accessToken
    } catch (error) {
      if (remaining > 0) return accessToken
      throw error
    }
  }

  async #refresh(session: Session): Promise<Session | undefined> {
    const { sessions, clock } = this.#options
    let leasedUntil = clock() + LEASE_MS
    while (!(await sessions.lease(session, leasedUntil, clock()))) {
      const result = await this.#awaitOtherProcess(session)
      if (result !== 'lease expired') return result
      leasedUntil = clock() + LEASE_MS
    }
    return this.#refreshWithLease(session, leasedUntil)
  }

  /** Waits for the result of the process that holds the lease. */
  async #awaitOtherProcess(session: Session): Promise<Session | undefined | 'lease expired'> {
    const { sessions, clock } = this.#options
    for (;;) {
      const current = await sessions.reload(session, clock())
      if (current?.session.revision !== session.revision) return current?.session
      if (current.leasedUntil === undefined) throw issuerUnavailable('the refresh of another process failed')
      if (current.leasedUntil <= clock()) return 'lease expired'
      await delay(POLL_MS)
    }
  }

  async #refreshWithLease(session: Session, leasedUntil: number): Promise<Session | undefined> {
    const { sessions } = this.#options
    const { account, refreshToken } = session.contents
    const requestedAt = this.#options.clock()
    const tokens = await this.#requestTokens(session, refreshToken, account.sub)
    if (!tokens) {
      await sessions.end(session, 'refresh_rejected')
      return undefined
    }
    const contents = {
      ...session.contents,
      accessToken: tokens.accessToken,
      grants: tokens.grants,
      accessTokenExpiresAt: tokens.lifetimeMs && requestedAt + tokens.lifetimeMs,
      refreshToken: tokens.refreshToken ?? refreshToken,
      idToken: tokens.idToken ?? session.contents.idToken,
    }
    return this.#replace(session, contents, leasedUntil)
  }

  /**
   * Stores the new tokens. Repeats that while the database is unavailable, until the lease ends, because the old refresh token cannot be used again. A write
   * whose answer was lost may have succeeded, so the session is then read again.
   */
  async #replace(
    session: Session,
    contents: SessionContents,
    leasedUntil: number,
  ): Promise<Session | undefined> {
    const { sessions, clock } = this.#options
    for (;;) {
      try {
        const replaced = await sessions.replace(session, contents)
        return replaced ?? (await sessions.reload(session, clock()))?.session
      } catch (error) {
        const isTemporary = (error as ServiceError).code === storeErrors.unavailable.code
        if (!isTemporary || clock() >= leasedUntil) throw error
        await delay(POLL_MS)
      }
    }
  }

  async #requestTokens(
    session: Session,
    refreshToken: string | undefined,
    subject: string,
  ): Promise<Tokens | undefined> {
    if (refreshToken === undefined) return undefined
    try {
      return await this.#options.refresh(refreshToken, subject)
    } catch (error) {
      await this.#options.sessions.release(session)
      throw error
    }
  }
}
