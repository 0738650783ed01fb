import { ServiceError } from '../../errors/catalogue.ts'
import type { Jwk } from './jwk.ts'
import { indexKeys, keyName, type SigningKey } from './signing-key.ts'

export const FRESH_MS = 10 * 60_000
/** After a look-up that the issuer's keys could not answer, whoever asks next has to wait: invented `kid`s are free. */
export const MISS_PAUSE_MS = 30_000
/** After a failed fetch. Shorter: whose key is not at hand is served only when the issuer is back. */
export const FAILURE_PAUSE_MS = 5_000

export interface KeySetOptions {
  readonly issuer: string
  readonly algorithms: readonly string[]
  readonly maxStaleMs: number
  readonly fetchKeys: (issuer: string) => Promise<readonly Jwk[]>
  /** Told of every fetch: for the log. */
  readonly onFetch: (outcome: FetchOutcome) => void
}

export interface FetchOutcome {
  readonly issuer: string
  readonly keys: number
  readonly error?: unknown
}

/**
 * The keys of one issuer and how long they live: fresh for 10 minutes, then renewed in the background while they
 * serve on; gone as soon as the issuer no longer publishes them; kept while it cannot be reached, up to
 * `maxStaleMs`. All times are milliseconds since the epoch, handed in.
 *
 * The set is fetched whole and not key by key: otherwise whoever sends invented `kid`s uses up the one fetch of
 * each pause, and a key that the issuer has just begun to use is never learnt.
 */
export class KeySet {
  /** Downloads so far: for the metrics. */
  readonly fetches = { ok: 0, failed: 0 }
  readonly #options: KeySetOptions
  #keys = new Map<string, SigningKey>()
  #fetchedAt: number | undefined
  #failedAt: number | undefined
  #missedAt: number | undefined
  #fetching: Promise<void> | undefined

  constructor(options: KeySetOptions) {
    this.#options = options
  }

  /** How many keys are at hand. */
  get size(): number {
    return this.#keys.size
  }

  /** Since the last good fetch; undefined before the first. */
  ageMs(now: number): number | undefined {
    return this.#fetchedAt === undefined ? undefined : now - this.#fetchedAt
  }

  /** Whether a key handed out before may still be used. Never waits; renews in the background when it is time. */
  trusts(key: SigningKey, now: number): boolean {
    if (!this.#areUsable(now)) return false
    this.#renewInBackground(now)
    return this.#keys.get(key.name) === key
  }

  /** The key, if it is at hand. Never waits; renews in the background when it is time. */
  find(algorithm: string, kid: string | undefined, now: number): SigningKey | undefined {
    if (!this.#areUsable(now)) return undefined
    this.#renewInBackground(now)
    return this.#keys.get(keyName(algorithm, kid))
  }

  /**
   * The key, after asking the issuer for it. However many ask, one fetch is under way.
   *
   * @throws {ServiceError} 401 when the issuer has no such key, 503 when it cannot be asked
   */
  async fetch(algorithm: string, kid: string | undefined, now: number): Promise<SigningKey> {
    const name = keyName(algorithm, kid)
    // A fetch under way may have begun before the key was published: whom it does not help asks once more
    const key = (this.#fetching && (await this.#lookUp(name, now))) ?? (await this.#lookUp(name, now))
    if (key) return key
    this.#missedAt = now
    throw unknownKey()
  }

  async #lookUp(name: string, now: number): Promise<SigningKey | undefined> {
    if (!this.#fetching) this.#refuseDuringPause(now)
    try {
      await this.#renew(now)
    } catch (cause) {
      throw unavailable(FAILURE_PAUSE_MS, cause)
    }
    return this.#keys.get(name)
  }

  #refuseDuringPause(now: number): void {
    const pause = remaining(this.#failedAt, FAILURE_PAUSE_MS, now)
    if (pause > 0) throw unavailable(pause)
    if (this.#areUsable(now) && remaining(this.#missedAt, MISS_PAUSE_MS, now) > 0) throw unknownKey()
  }

  #areUsable(now: number): boolean {
    return this.#fetchedAt !== undefined && now < this.#fetchedAt + this.#options.maxStaleMs
  }

  #renewInBackground(now: number): void {
    if (this.#fetching || remaining(this.#fetchedAt, FRESH_MS, now) > 0) return
    if (remaining(this.#failedAt, MISS_PAUSE_MS, now) > 0) return
    this.#renew(now).catch(() => {}) // told to onFetch; the known keys serve on
  }

  #renew(now: number): Promise<void> {
    this.#fetching ??= this.#fetchAll(now).finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #fetchAll(now: number): Promise<void> {
    const { issuer, algorithms, fetchKeys, onFetch } = this.#options
    try {
      this.#keys = indexKeys(await fetchKeys(issuer), algorithms, this.#keys)
      this.#fetchedAt = now
      this.#failedAt = undefined
      this.fetches.ok++
      onFetch({ issuer, keys: this.#keys.size })
    } catch (error) {
      this.#failedAt = now
      this.fetches.failed++
      onFetch({ issuer, keys: this.#keys.size, error })
      throw error
    }
  }
}

/** Milliseconds left of a span. A clock that was set back ends it: better one fetch too many than none for years. */
function remaining(since: number | undefined, span: number, now: number): number {
  return since === undefined || now < since ? 0 : since + span - now
}

function unknownKey() {
  return new ServiceError('unusable_token', {
    reason: 'unknown_key',
    detail: 'kid is not in the key set of the issuer',
  })
}

function unavailable(pauseMs: number, cause?: unknown) {
  return new ServiceError('issuer_unavailable', {
    reason: 'issuer_unavailable',
    detail: 'the key set cannot be fetched',
    retryAfterSeconds: pauseMs / 1000,
    cause,
  })
}
