import { hash, randomBytes } from 'node:crypto'
import type { Account } from './account.ts'
import { Sealer } from './sealer.ts'

const HOUR_MS = 3_600_000
/** A session nobody comes back to. */
export const IDLE_MS = 24 * HOUR_MS
/** A session, however busy. */
export const MAX_AGE_MS = 14 * 24 * HOUR_MS
/** How far the end may lie behind: reading a page writes nothing, unless it is the first in this time. */
export const TOUCH_MS = 5 * 60_000

/** What is remembered of somebody who has signed in. */
export interface Contents {
  readonly account: Account
  readonly idToken: string | undefined
  readonly accessToken: string
  /** Milliseconds since the epoch; undefined when the issuer does not say. */
  readonly accessTokenExpiresAt: number | undefined
  readonly refreshToken: string | undefined
}

export interface Session {
  /** Hash of the id that the browser's cookie has. */
  readonly idHash: string
  /** Goes up with every change of the contents. */
  readonly revision: number
  readonly contents: Contents
}

/** A session as it is kept, encrypted. */
export interface KeptSession {
  readonly idHash: string
  readonly contents: string
  readonly revision: number
  /** Until when some process is alone in refreshing its tokens. */
  readonly leasedUntil: number | undefined
  readonly createdAt: number
  readonly expiresAt: number
}

/** Whose session it is: the number of the person, and the issuer's name for its own session. */
export interface Owner {
  readonly user: number
  readonly sid: string | null
}

/** Where sessions are kept. All times are milliseconds since the epoch. */
export interface SessionStore {
  create(session: Pick<KeptSession, 'idHash' | 'contents' | 'createdAt' | 'expiresAt'> & Owner): Promise<void>
  find(idHash: string, now: number): Promise<KeptSession | undefined>
  prolong(idHash: string, expiresAt: number): Promise<void>
  delete(idHash: string): Promise<void>
  lease(session: Session, until: number, now: number): Promise<boolean>
  release(session: Session): Promise<void>
  replace(session: Session, contents: string): Promise<boolean>
}

/** The sessions of the web app: who has the store has neither their ids nor what is in them. */
export class Sessions {
  readonly #store: SessionStore
  readonly #sealer: Sealer

  constructor(store: SessionStore, secrets: readonly string[]) {
    this.#store = store
    this.#sealer = new Sealer(secrets, 'gatehouse session')
  }

  /** @returns the id, which only the browser is told */
  async begin(contents: Contents, owner: Owner, now: number): Promise<string> {
    const id = randomBytes(32).toString('base64url')
    const idHash = hashId(id)
    await this.#store.create({
      ...owner,
      idHash,
      contents: this.#sealer.seal(contents, idHash),
      createdAt: now,
      expiresAt: now + IDLE_MS,
    })
    return id
  }

  /** By what the cookie says. */
  async find(dangerousId: string, now: number): Promise<Session | undefined> {
    const kept = await this.#store.find(hashId(dangerousId), now)
    const session = kept && this.#open(kept)
    if (!session) return undefined
    const expiresAt = Math.min(now + IDLE_MS, kept.createdAt + MAX_AGE_MS)
    if (expiresAt >= kept.expiresAt + TOUCH_MS) await this.#store.prolong(kept.idHash, expiresAt)
    return session
  }

  /** The session as it is now, and until when some process is refreshing its tokens. */
  async reload(
    { idHash }: Session,
    now: number,
  ): Promise<{ session: Session; leasedUntil: number | undefined } | undefined> {
    const kept = await this.#store.find(idHash, now)
    const session = kept && this.#open(kept)
    return session && { session, leasedUntil: kept.leasedUntil }
  }

  /** The session with other contents, or undefined when it has ended meanwhile. */
  async replace(session: Session, contents: Contents): Promise<Session | undefined> {
    const sealed = this.#sealer.seal(contents, session.idHash)
    const isDone = await this.#store.replace(session, sealed)
    return isDone ? { ...session, contents, revision: session.revision + 1 } : undefined
  }

  async end({ idHash }: Session): Promise<void> {
    await this.#store.delete(idHash)
  }

  lease(session: Session, until: number, now: number): Promise<boolean> {
    return this.#store.lease(session, until, now)
  }

  release(session: Session): Promise<void> {
    return this.#store.release(session)
  }

  #open({ idHash, revision, contents }: KeptSession): Session | undefined {
    const opened = this.#sealer.open(contents, idHash) as Contents | undefined
    return opened && { idHash, revision, contents: opened }
  }
}

/**
 * The session of a page whose guard has run.
 *
 * @throws on a page without one
 */
export function requireSession(session: Session | null): Session {
  if (session) return session
  throw new Error('the page is not guarded: add app.requiresSignIn to its preHandler')
}

function hashId(id: string): string {
  return hash('sha256', id, 'base64url')
}
