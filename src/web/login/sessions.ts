import { hash, randomBytes } from 'node:crypto'
import { Sealer } from '../../crypto/sealer.ts'
import { serviceName } from '../../http/service.ts'
import type { EndReason } from '../../plugins/metrics/index.ts'
import type { Store } from '../../plugins/store/index.ts'
import {
  createSession,
  deleteSession,
  findSession,
  leaseSession,
  prolongSession,
  releaseSession,
  replaceContents,
  type SessionRecord,
} from '../../plugins/store/tables/sessions.ts'
import {
  deleteSessionOfUser,
  deleteSessionsOfUser,
  listSessions,
} from '../../plugins/store/tables/user-sessions.ts'
import type { Account } from './account.ts'

const HOUR_MS = 3_600_000
/** Maximum time between two page views. */
export const SESSION_IDLE_MS = 24 * HOUR_MS
/** Maximum age of a session, even if it is in use. */
export const SESSION_MAX_AGE_MS = 14 * 24 * HOUR_MS
/** Minimum time between two writes of the last use and the end, so that most page views write nothing. */
const PROLONG_INTERVAL_MS = 5 * 60_000

export interface SessionContents {
  readonly account: Account
  /** Time of the login in seconds since the epoch, if the issuer says it. */
  readonly authTime?: number | undefined
  /** ID of the organization to which the user logged in. */
  readonly organization?: string | undefined
  /** Browser and system of the login; undefined in sessions of earlier versions. */
  readonly browser?: string
  readonly idToken: string | undefined
  readonly accessToken: string
  /** Scopes and permissions of the access token; undefined in sessions of earlier versions. */
  readonly grants?: readonly string[] | undefined
  /** Milliseconds since the epoch; undefined when the issuer does not send a lifetime. */
  readonly accessTokenExpiresAt: number | undefined
  readonly refreshToken: string | undefined
}

interface SessionEvents {
  sessionBegun(): void
  sessionEnded(reason: EndReason, count?: number): void
}

export interface Session extends Pick<SessionRecord, 'idHash' | 'revision' | 'user'> {
  readonly contents: SessionContents
}

/** A session as its user sees it. */
export interface ListedSession extends Pick<SessionRecord, 'idHash' | 'createdAt' | 'lastUsedAt'> {
  readonly browser: string
  /** Whether it is the session that asks. */
  readonly isCurrent: boolean
}

/**
 * The sessions of the web app. The store holds the hash of the id and encrypted contents, so a copy of the database opens
 * no session. All times are milliseconds since the epoch.
 */
export class Sessions {
  readonly #store: Store
  readonly #sealer: Sealer
  readonly #events: SessionEvents | undefined

  /** @param events called when sessions begin and end, for metrics */
  constructor(store: Store, secrets: readonly string[], events?: SessionEvents) {
    this.#store = store
    this.#sealer = new Sealer(secrets, `${serviceName} session`)
    this.#events = events
  }

  /** @returns the id for the cookie; it is not stored */
  async begin(
    contents: SessionContents,
    owner: Pick<SessionRecord, 'user' | 'sid'>,
    now: number,
  ): Promise<string> {
    const id = randomBytes(32).toString('base64url')
    const idHash = hashId(id)
    await createSession(this.#store, {
      ...owner,
      idHash,
      contents: this.#sealer.seal(contents, idHash),
      createdAt: now,
      expiresAt: now + SESSION_IDLE_MS,
    })
    this.#events?.sessionBegun()
    return id
  }

  /** Finds the session of a cookie and prolongs it. */
  async find(dangerousId: string, now: number): Promise<Session | undefined> {
    const record = await findSession(this.#store, hashId(dangerousId), now)
    const session = record && this.#open(record)
    if (!session) return undefined
    const expiresAt = Math.min(now + SESSION_IDLE_MS, record.createdAt + SESSION_MAX_AGE_MS)
    if (now >= record.lastUsedAt + PROLONG_INTERVAL_MS)
      await prolongSession(this.#store, record.idHash, expiresAt, now)
    return session
  }

  /** Reads the session again, with the end of the lease that some process may hold. */
  async reload(
    { idHash }: Session,
    now: number,
  ): Promise<{ session: Session; leasedUntil: number | undefined } | undefined> {
    const record = await findSession(this.#store, idHash, now)
    const session = record && this.#open(record)
    return session && { session, leasedUntil: record.leasedUntil }
  }

  /** @returns the session with the new contents, or undefined when it ended in the meantime */
  async replace(session: Session, contents: SessionContents): Promise<Session | undefined> {
    const sealed = this.#sealer.seal(contents, session.idHash)
    const isReplaced = await replaceContents(this.#store, session, sealed)
    return isReplaced ? { ...session, contents, revision: session.revision + 1 } : undefined
  }

  /** Ends the session with this id. */
  discard(id: string, reason: EndReason): Promise<void> {
    return this.#delete(hashId(id), reason)
  }

  end({ idHash }: Session, reason: EndReason): Promise<void> {
    return this.#delete(idHash, reason)
  }

  /** Lists the sessions of the user, newest first. */
  async list({ user, idHash }: Session, now: number): Promise<ListedSession[]> {
    const records = await listSessions(this.#store, user, now)
    return records.map((record) => ({
      idHash: record.idHash,
      browser: this.#open(record)?.contents.browser ?? 'Another browser',
      createdAt: record.createdAt,
      lastUsedAt: record.lastUsedAt,
      isCurrent: record.idHash === idHash,
    }))
  }

  /** Ends another session of the user. Sessions of other users are not touched. */
  async endOther({ user, idHash }: Session, otherIdHash: string): Promise<void> {
    if (otherIdHash !== idHash && (await deleteSessionOfUser(this.#store, user, otherIdHash)))
      this.#events?.sessionEnded('user')
  }

  /** Ends all other sessions of the user. */
  async endOthers({ user, idHash }: Session): Promise<void> {
    const ended = await deleteSessionsOfUser(this.#store, user, idHash)
    this.#events?.sessionEnded('user', ended)
  }

  lease(session: Session, until: number, now: number): Promise<boolean> {
    return leaseSession(this.#store, session, until, now)
  }

  release(session: Session): Promise<void> {
    return releaseSession(this.#store, session)
  }

  async #delete(idHash: string, reason: EndReason): Promise<void> {
    await deleteSession(this.#store, idHash)
    this.#events?.sessionEnded(reason)
  }

  #open({ idHash, revision, user, contents }: SessionRecord): Session | undefined {
    const opened = this.#sealer.open(contents, idHash) as SessionContents | undefined
    return opened && { idHash, revision, user, contents: opened }
  }
}

/**
 * Returns the session on a guarded page.
 *
 * @throws {Error} on a page without the guard
 */
export function requireSession(session: Session | null): Session {
  if (session) return session
  throw new Error('the page is not guarded: add app.requiresLogin to its preHandler')
}

function hashId(id: string): string {
  return hash('sha256', id, 'base64url')
}
