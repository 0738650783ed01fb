import { hash, randomBytes } from 'node:crypto'
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
import type { Account } from './account.ts'
import { Sealer } from './sealer.ts'

const HOUR_MS = 3_600_000
/** Maximum time between two page views. */
export const SESSION_IDLE_MS = 24 * HOUR_MS
/** Maximum age of a session, even if it is in use. */
export const SESSION_MAX_AGE_MS = 14 * 24 * HOUR_MS
/** Minimum time between two writes of the end, so that most page views write nothing. */
const PROLONG_INTERVAL_MS = 5 * 60_000

export interface SessionContents {
  readonly account: Account
  readonly idToken: string | undefined
  readonly accessToken: string
  /** Milliseconds since the epoch; undefined when the issuer does not send a lifetime. */
  readonly accessTokenExpiresAt: number | undefined
  readonly refreshToken: string | undefined
}

export interface Session extends Pick<SessionRecord, 'idHash' | 'revision'> {
  readonly contents: SessionContents
}

/**
 * The sessions of the web app. The store holds the hash of the id and encrypted contents, so a copy of the database opens
 * no session. All times are milliseconds since the epoch.
 */
export class Sessions {
  readonly #store: Store
  readonly #sealer: Sealer

  constructor(store: Store, secrets: readonly string[]) {
    this.#store = store
    this.#sealer = new Sealer(secrets, 'gatehouse session')
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
    return id
  }

  /** Finds the session of a cookie and prolongs it. */
  async find(dangerousId: string, now: number): Promise<Session | undefined> {
    const record = await findSession(this.#store, hashId(dangerousId), now)
    const session = record && this.#open(record)
    if (!session) return undefined
    const expiresAt = Math.min(now + SESSION_IDLE_MS, record.createdAt + SESSION_MAX_AGE_MS)
    if (expiresAt >= record.expiresAt + PROLONG_INTERVAL_MS)
      await prolongSession(this.#store, record.idHash, expiresAt)
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
  discard(id: string): Promise<void> {
    return deleteSession(this.#store, hashId(id))
  }

  end({ idHash }: Session): Promise<void> {
    return deleteSession(this.#store, idHash)
  }

  lease(session: Session, until: number, now: number): Promise<boolean> {
    return leaseSession(this.#store, session, until, now)
  }

  release(session: Session): Promise<void> {
    return releaseSession(this.#store, session)
  }

  #open({ idHash, revision, contents }: SessionRecord): Session | undefined {
    const opened = this.#sealer.open(contents, idHash) as SessionContents | undefined
    return opened && { idHash, revision, contents: opened }
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
