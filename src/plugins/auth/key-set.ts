import { Cooldown } from '../../http/cooldown.ts'
import { SingleFlight } from '../../http/single-flight.ts'
import { unavailableKeys, unknownKey } from './errors.ts'
import type { Jwk } from './jwk.ts'
import { findKey, publishedKeys, type SigningKey } from './signing-key.ts'

/** Age up to which downloaded keys are used without a renewal. */
export const FRESH_MS = 10 * 60_000
/** Time between downloads for unknown keys, because callers can invent any `kid`. */
export const MISS_COOLDOWN_MS = 30_000
/** Time between failed downloads. Shorter, because requests fail until the issuer is available again. */
export const FAILURE_COOLDOWN_MS = 5_000

export interface KeySetOptions {
  readonly issuer: string
  readonly maxStaleMs: number
  /** Age up to which keys are used without a renewal. */
  readonly freshMs: number
  readonly origin: 'fetched' | 'file'
  readonly fetchKeys: (now: number) => Promise<readonly SigningKey[]>
  /** Called after every download, for logging. */
  readonly onFetch: (outcome: FetchOutcome) => void
}

export interface FetchOutcome {
  readonly issuer: string
  readonly keys: number
  readonly error?: unknown
}

/**
 * Holds the keys of one issuer. They are fresh for a while, and then renewed in the background while they stay in
 * use. A key is dropped as soon as the issuer no longer publishes it. While the issuer is unavailable, the keys are kept
 * up to `maxStaleMs`. Times are arguments, in milliseconds since the epoch.
 *
 * Each download is of the whole set. With a download per key, an invented `kid` could use up the only download of a
 * cooldown, and a new key would never be found.
 */
export class KeySet {
  /** Number of downloads by result. */
  readonly fetches = { ok: 0, failed: 0 }
  /** Called after every successful download. Must not throw. */
  onRenewed: ((fetchedAt: number) => void) | undefined
  readonly #options: KeySetOptions
  readonly #flight = new SingleFlight<void>()
  readonly #missCooldown = new Cooldown(MISS_COOLDOWN_MS)
  readonly #failureCooldown = new Cooldown(FAILURE_COOLDOWN_MS)
  readonly #renewalCooldown = new Cooldown(MISS_COOLDOWN_MS)
  #keys: ReadonlyMap<string, SigningKey> = new Map()
  #fetchedAt: number | undefined
  #isRestored = false

  constructor(options: KeySetOptions) {
    this.#options = options
  }

  /** Number of keys. */
  get size(): number {
    return this.#keys.size
  }

  /** The keys as they are published, each once. */
  get jwks(): readonly Jwk[] {
    return publishedKeys([...this.#keys.values()])
  }

  /** Origin of the keys: `kept` are those of an earlier process. Undefined before there are any. */
  get source(): 'fetched' | 'file' | 'kept' | undefined {
    if (this.#fetchedAt === undefined) return undefined
    return this.#isRestored ? 'kept' : this.#options.origin
  }

  /**
   * Adds the keys that an earlier process has downloaded, unless there are some. They are stale: their first use starts a
   * renewal.
   */
  restore(keys: readonly SigningKey[], fetchedAt: number): void {
    if (this.#fetchedAt !== undefined) return
    this.#keys = new Map(keys.map((key) => [key.name, key]))
    this.#fetchedAt = fetchedAt
    this.#isRestored = true
  }

  /** Returns the time since the last successful download, or undefined before the first. */
  ageMs(now: number): number | undefined {
    return this.#fetchedAt === undefined ? undefined : now - this.#fetchedAt
  }

  /** Tells whether a key is still trusted. Never waits. Starts a renewal if the keys are stale. */
  trusts(key: SigningKey, now: number): boolean {
    if (!this.isUsable(now)) return false
    this.#renewIfDue(now)
    return this.#keys.get(key.name) === key
  }

  /** Finds a known key. Never waits. Starts a renewal if the keys are stale. */
  find(algorithm: string, kid: string | undefined, now: number): SigningKey | undefined {
    if (!this.isUsable(now)) return undefined
    this.#renewIfDue(now)
    return findKey(this.#keys, algorithm, kid)
  }

  /**
   * Finds a key after a download. Concurrent callers share one download.
   *
   * @throws {TokenError} 401 if the issuer does not have the key, 503 if it is unavailable
   */
  async fetch(algorithm: string, kid: string | undefined, now: number): Promise<SigningKey> {
    const lookUp = () => this.#download(algorithm, kid, now)
    // A running download may have started before the key was published, so one more download may follow
    const key = (this.#isRenewing && (await lookUp())) || (await lookUp())
    if (key) return key
    this.#missCooldown.start(now)
    throw unknownKey()
  }

  /**
   * Looks for a new key with the same name after a wrong signature, which may be the first sign that the issuer has
   * replaced the key. At most one download in 30 seconds, because callers can send any signature.
   *
   * @returns undefined if the key is still the same, or the issuer cannot be asked now
   */
  replacement(key: SigningKey, now: number): Promise<SigningKey | undefined> | undefined {
    const cooldowns = [this.#missCooldown, this.#failureCooldown]
    if (cooldowns.some((cooldown) => cooldown.remainingMs(now) > 0)) return undefined
    this.#missCooldown.start(now)
    const found = () => {
      const current = this.#keys.get(key.name)
      return current === key ? undefined : current
    }
    return this.renew(now).then(found, () => undefined) // onFetch has logged it
  }

  async #download(algorithm: string, kid: string | undefined, now: number): Promise<SigningKey | undefined> {
    if (!this.#isRenewing) this.#rejectDuringCooldown(now)
    try {
      await this.renew(now)
    } catch (cause) {
      throw unavailableKeys(FAILURE_COOLDOWN_MS, cause)
    }
    return findKey(this.#keys, algorithm, kid)
  }

  #rejectDuringCooldown(now: number): void {
    const remainingMs = this.#failureCooldown.remainingMs(now)
    if (remainingMs > 0) throw unavailableKeys(remainingMs)
    if (this.isUsable(now) && this.#missCooldown.remainingMs(now) > 0) throw unknownKey()
  }

  /** Tells whether there are keys that are not too old. */
  isUsable(now: number): boolean {
    return this.#fetchedAt !== undefined && now < this.#fetchedAt + this.#options.maxStaleMs
  }

  get #isRenewing(): boolean {
    return this.#flight.isRunning(this.#options.issuer)
  }

  #renewIfDue(now: number): void {
    const age = this.ageMs(now) as number // of a usable set
    const isFresh = !this.#isRestored && age >= 0 && age < this.#options.freshMs
    if (isFresh || this.#isRenewing || this.#renewalCooldown.remainingMs(now) > 0) return
    this.renew(now).catch(() => {}) // onFetch has logged it, and the keys stay in use
  }

  /** Downloads the keys. Concurrent callers share one download. Rejects if it fails, after `onFetch`. */
  renew(now: number): Promise<void> {
    return this.#flight.run(this.#options.issuer, () => this.#replaceKeys(now))
  }

  async #replaceKeys(now: number): Promise<void> {
    const { issuer, fetchKeys, onFetch } = this.#options
    try {
      const keys = await fetchKeys(now)
      this.#keys = new Map(keys.map((key) => [key.name, this.#keepIdentity(key)]))
      this.#fetchedAt = now
      this.#isRestored = false
      this.#failureCooldown.end()
      this.#renewalCooldown.end()
      this.fetches.ok++
      onFetch({ issuer, keys: this.#keys.size })
      this.onRenewed?.(now)
    } catch (error) {
      this.#failureCooldown.start(now)
      this.#renewalCooldown.start(now)
      this.fetches.failed++
      onFetch({ issuer, keys: this.#keys.size, error })
      throw error
    }
  }

  /** Keeps the objects of keys that are still published, so that their tokens stay cached. */
  #keepIdentity(key: SigningKey): SigningKey {
    const known = this.#keys.get(key.name)
    const isSame = known?.thumbprint === key.thumbprint && known.issuer === key.issuer
    return isSame ? known : key
  }
}
