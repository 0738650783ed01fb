import { setTimeout as delay } from 'node:timers/promises'
import { inTime } from './in-time.ts'
import { issuerUnavailable } from './outage.ts'
import type { Session, Sessions } from './sessions.ts'
import type { Tokens } from './tokens.ts'

/** Refreshed so much before it expires, since it has to reach the API. */
const MARGIN_MS = 30_000
/** Longer than the issuer may take; a process that dies with it keeps the others waiting no longer. */
export const LEASE_MS = 30_000
const POLL_MS = 100

export interface AccessTokensOptions {
  readonly sessions: Sessions
  /** Asks the issuer; undefined when it refuses, for good. */
  readonly refresh: (refreshToken: string, subject: string) => Promise<Tokens | undefined>
  readonly clock: () => number
}

/**
 * Access tokens of sessions, refreshed when they run out. An issuer that rotates refresh tokens takes the second use
 * of one for a theft and revokes them all, so each is used once: however many requests wait in this process share one
 * refresh, and of several processes the one that wins the lease does it.
 */
export class AccessTokens {
  readonly #options: AccessTokensOptions
  readonly #underWay = new Map<string, Promise<Session | undefined>>()

  constructor(options: AccessTokensOptions) {
    this.#options = options
  }

  /**
   * A token the API will take, or undefined when the session is over.
   *
   * @throws {ServiceError} 503 when the issuer cannot be asked; the session stays
   */
  async of(session: Session): Promise<string | undefined> {
    const { accessToken, accessTokenExpiresAt = Number.POSITIVE_INFINITY, refreshToken } = session.contents
    const remaining = accessTokenExpiresAt - this.#options.clock()
    if (remaining > (refreshToken === undefined ? 0 : MARGIN_MS)) return accessToken
    try {
      return (await inTime(this.#refreshOnce(session)))?.contents.accessToken
    } catch (error) {
      if (remaining > 0) return accessToken
      throw error
    }
  }

  #refreshOnce(session: Session): Promise<Session | undefined> {
    const underWay = this.#underWay.get(session.idHash)
    if (underWay) return underWay
    const refreshing = this.#refresh(session).finally(() => this.#underWay.delete(session.idHash))
    this.#underWay.set(session.idHash, refreshing)
    return refreshing
  }

  async #refresh(session: Session): Promise<Session | undefined> {
    const { sessions, clock } = this.#options
    while (!(await sessions.lease(session, clock() + LEASE_MS, clock()))) {
      const result = await this.#awaitOther(session)
      if (result !== 'has died') return result
    }
    return this.#refreshLeased(session)
  }

  /** What comes of the refresh that another process has begun. */
  async #awaitOther(session: Session): Promise<Session | undefined | 'has died'> {
    const { sessions, clock } = this.#options
    for (;;) {
      const current = await sessions.reload(session, clock())
      if (current?.session.revision !== session.revision) return current?.session
      if (current.leasedUntil === undefined) throw issuerUnavailable('another process has just asked in vain')
      if (current.leasedUntil <= clock()) return 'has died'
      await delay(POLL_MS)
    }
  }

  async #refreshLeased(session: Session): Promise<Session | undefined> {
    const { sessions } = this.#options
    const { account, refreshToken } = session.contents
    const askedAt = this.#options.clock()
    const tokens = await this.#ask(session, refreshToken, account.sub)
    if (!tokens) {
      await sessions.end(session)
      return undefined
    }
    return sessions.replace(session, {
      account,
      accessToken: tokens.accessToken,
      accessTokenExpiresAt: tokens.lifetimeMs && askedAt + tokens.lifetimeMs,
      refreshToken: tokens.refreshToken ?? refreshToken,
      idToken: tokens.idToken ?? session.contents.idToken,
    })
  }

  async #ask(
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
