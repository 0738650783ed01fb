import { LRUCache } from 'lru-cache'
import type { Store } from '../store/index.ts'
import { SingleFlight } from '../../http/single-flight.ts'
import type { Identity, Profile, User } from '../store/tables/user.ts'
import {
  deleteUser,
  recordVisit,
  saveProfile,
  type UserRecord,
  VISIT_INTERVAL_MS,
} from '../store/tables/users.ts'

const MAX_KNOWN = 10_000
export const PROFILE_RETRY_MS = 5 * 60_000

/** Asks the issuer; undefined when there is no answer, which is no error. */
export type LookUp = () => Promise<Profile | undefined>

interface Known extends UserRecord {
  readonly seenAt: number
  /** When the issuer was asked in vain. */
  readonly askedAt: number | undefined
}

/** The people who called lately, so that they cost no query. All times are milliseconds since the epoch, handed in. */
export class UserCache {
  readonly #store: Store
  readonly #known = new LRUCache<string, Known>({ max: MAX_KNOWN })
  readonly #loads = new SingleFlight<Known>()

  constructor(store: Store) {
    this.#store = store
  }

  /**
   * Who is calling, created if it is the first time. Answers at once when they called in the last minute, else with
   * a promise.
   *
   * @param lookUp asked until there is an answer, with some minutes in between
   */
  load(identity: Identity, lookUp: LookUp | undefined, now: number): User | Promise<User> {
    const key = keyOf(identity)
    const known = this.#known.get(key)
    const isFresh =
      known && isWithin(VISIT_INTERVAL_MS, known.seenAt, now) && !(lookUp && lacksProfile(known, now))
    return isFresh ? known.user : this.#loadOnce(key, identity, lookUp, now)
  }

  /** Deletes the person, in this process at once; other processes may know them for another minute. */
  async delete(id: number): Promise<boolean> {
    const identity = await deleteUser(this.#store, id)
    if (identity) this.forget(identity)
    return identity !== undefined
  }

  /** To be called when what is remembered of somebody may not be true any more. */
  forget(identity: Identity): void {
    this.#known.delete(keyOf(identity))
    this.#loads.forget(keyOf(identity))
  }

  async #loadOnce(key: string, identity: Identity, lookUp: LookUp | undefined, now: number): Promise<User> {
    const { user } = await this.#loads.run(key, async (isForgotten) => {
      const known = await this.#load(identity, lookUp, this.#known.get(key)?.askedAt, now)
      if (!isForgotten()) this.#known.set(key, known)
      return known
    })
    return user
  }

  async #load(
    identity: Identity,
    lookUp: LookUp | undefined,
    askedAt: number | undefined,
    now: number,
  ): Promise<Known> {
    const record = await recordVisit(this.#store, identity, now)
    const known = { ...record, seenAt: seenAt(record.user, now), askedAt }
    if (!lookUp || !lacksProfile(known, now)) return known
    const profile = await lookUp()
    if (!profile) return { ...known, askedAt: now }
    const user = (await saveProfile(this.#store, identity, profile, now)) ?? known.user
    return { ...known, user, hasProfile: true }
  }
}

function lacksProfile({ hasProfile, askedAt }: Known, now: number): boolean {
  return !hasProfile && !isWithin(PROFILE_RETRY_MS, askedAt, now)
}

/** The stored visit, which may be another process's: so `lastSeenAt` is at most one interval behind. */
function seenAt({ lastSeenAt }: User, now: number): number {
  return lastSeenAt === null ? now : Math.min(now, Date.parse(lastSeenAt)) // clocks of processes differ
}

/** A clock that was set back ends the span. */
function isWithin(span: number, since: number | undefined, now: number): boolean {
  return since !== undefined && now >= since && now < since + span
}

function keyOf({ issuer, subject }: Identity): string {
  return `${issuer} ${subject}`
}
