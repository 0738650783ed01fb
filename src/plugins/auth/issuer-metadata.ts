import { Cooldown } from '../../http/cooldown.ts'
import { fetchJson } from '../../http/fetch-json.ts'
import { secureUrlOf } from '../../http/secure-url.ts'
import { SingleFlight } from '../../http/single-flight.ts'

/** Time-out for one request to an issuer, or for the two of one key download. */
export const TIMEOUT_MS = 5_000
const FRESH_MS = 10 * 60_000
const COOLDOWN_MS = 5_000

export type Metadata = Readonly<Record<string, unknown>>

/**
 * Downloads and caches the discovery document of one issuer (OpenID Connect Discovery 1.0, section 4). No other code
 * reads discovery documents. Times are arguments, in milliseconds since the epoch.
 */
export class IssuerMetadata {
  readonly issuer: string
  readonly #flight = new SingleFlight<Metadata>()
  readonly #cooldown = new Cooldown(COOLDOWN_MS)
  #current: { readonly document: Metadata; readonly fetchedAt: number } | undefined
  #error: unknown

  constructor(issuer: string) {
    this.issuer = issuer
  }

  /** URL of the document. */
  get url(): string {
    return `${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  }

  /**
   * Returns the document, from the cache if possible. A stale document is renewed in the background.
   *
   * @throws {Error} if the first download fails; the message is for the log
   */
  async get(now: number): Promise<Metadata> {
    const isCoolingDown = this.#cooldown.remainingMs(now) > 0
    if (!this.#current) {
      if (isCoolingDown) throw this.#error
      return this.fetch(now)
    }
    const { document, fetchedAt } = this.#current
    const isFresh = now >= fetchedAt && now < fetchedAt + FRESH_MS
    if (!isFresh && !isCoolingDown) this.fetch(now).catch(() => {}) // the stale document stays in use
    return document
  }

  /** Downloads the document; concurrent callers share one download. Throws like {@link get}. */
  fetch(now: number, signal = AbortSignal.timeout(TIMEOUT_MS)): Promise<Metadata> {
    return this.#flight.run(this.issuer, async () => {
      try {
        const document = await fetchJson(this.url, signal)
        // Discovery 1.0, section 4.3: without this, another issuer could provide keys for this one
        if (document.issuer !== this.issuer)
          throw new Error(`the discovery document names another issuer than ${this.issuer}`)
        this.#current = { document, fetchedAt: now }
        this.#cooldown.end()
        return document
      } catch (error) {
        this.#error = error
        this.#cooldown.start(now)
        throw error
      }
    })
  }
}

/**
 * Returns the URL of an endpoint in the document, whose `issuer` has been compared.
 *
 * @throws {Error} if it is missing or not https, except for an issuer on the loopback
 */
export function endpointOf(document: Metadata, name: string): string {
  const url = document[name]
  if (typeof url === 'string' && secureUrlOf(String(document.issuer), url)) return url
  throw new Error(`${name} is missing or not https`)
}
