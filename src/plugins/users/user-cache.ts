import { LRUCache } from 'lru-cache'
import { SingleFlight } from '../../http/single-flight.ts'
import type { Store } from '../store/index.ts'
import type { Identity, Profile, User } from '../store/tables/user.ts'
import { recordVisit, saveProfile, type UserRecord, VISIT_INTERVAL_MS } from '../store/tables/users.ts'

export const PROFILE_RETRY_MS = 5 * 60_000

/** Requests the profile from the issuer. Failure is not an error; the result is undefined. */
export type LookUp = () => Promise<Profile | undefined>

interface Entry extends UserRecord {
  readonly seenAt: number
  /** Time of the last request to the issuer without a result. */
  readonly askedAt: number | undefined
}

/** Users who called recently, so that they cost no query. All times are milliseconds since the epoch. */
export class UserCache {
  readonly #store: Store
  readonly #entries: LRUCache<string, Entry>
  readonly #loads = new SingleFlight<Entry>()

  /** @param maxUsers maximum number of cached users, at least 1 */
  constructor(store: Store, maxUsers = 10_000) {
    this.#store = store
    this.#entries = new LRUCache({ max: maxUsers })
  }

  /**
   * Loads a user, and creates the user at the first visit. Returns a cached user directly, otherwise a promise.
   *
   * @param lookUp called when the user has no profile, at most once per {@link PROFILE_RETRY_MS}
   */
  load(identity: Identity, lookUp: LookUp | undefined, now: number): User | Promise<User> {
    const key = keyOf(identity)
    const known = this.#entries.get(key)
    const isFresh =
      known && isWithin(VISIT_INTERVAL_MS, known.seenAt, now) && !(lookUp && lacksProfile(known, now))
    return isFresh ? known.user : this.#loadOnce(key, identity, lookUp, now)
  }

  /**
   * Removes a user from the cache. Call it after the stored user has changed or was deleted. Other processes may have the
   * user cached for another {@link VISIT_INTERVAL_MS}.
   */
  forget(identity: Identity): void {
    this.#entries.delete(keyOf(identity))
    this.#loads.forget(keyOf(identity))
  }

  async #loadOnce(key: string, identity: Identity, lookUp: LookUp | undefined, now: number): Promise<User> {
    const { user } = await this.#loads.run(key, async (isForgotten) => {
      const known = await this.#load(identity, lookUp, this.#entries.get(key)?.askedAt, now)
      if (!isForgotten()) this.#entries.set(key, known)
      return known
    })
    return user
  }

  async #load(
    identity: Identity,
    lookUp: LookUp | undefined,
    askedAt: number | undefined,
    now: number,
  ): Promise<Entry> {
    const record = await recordVisit(this.#store, identity, now)
    const known = { ...record, seenAt: visitTime(record.user, now), askedAt }
    if (!lookUp || !lacksProfile(known, now)) return known
    const profile = await lookUp()
    if (!profile) return { ...known, askedAt: now }
    const user = (await saveProfile(this.#store, identity, profile, now)) ?? known.user
    return { ...known, user, hasProfile: true }
  }
}

function lacksProfile({ hasProfile, askedAt }: Entry, now: number): boolean {
  return !hasProfile && !isWithin(PROFILE_RETRY_MS, askedAt, now)
}

/** Start of the interval: the stored visit, perhaps recorded by another process, whose clock may be ahead. */
function visitTime({ lastSeenAt }: User, now: number): number {
  return Math.min(now, Date.parse(lastSeenAt as string)) // recorded just now, so not null
}

/** A clock that was set back ends the span. */
function isWithin(span: number, since: number | undefined, now: number): boolean {
  return since !== undefined && now >= since && now < since + span
}

function keyOf({ issuer, subject }: Identity): string {
  return `${issuer} ${subject}`
}
