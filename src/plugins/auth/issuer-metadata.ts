import { Cooldown } from '../../http/cooldown.ts'
import { fetchJson, StatusError } from '../../http/fetch-json.ts'
import { secureUrlOf } from '../../http/secure-url.ts'
import { SingleFlight } from '../../http/single-flight.ts'
import type { IssuerOptions } from './issuer-options.ts'
import { openTenants } from './tenants.ts'

/** Time-out for one request to an issuer, or for the two of one key download. */
export const TIMEOUT_MS = 5_000
const FRESH_MS = 10 * 60_000
const COOLDOWN_MS = 5_000

export type Metadata = Readonly<Record<string, unknown>>

/** Endpoints to which the service itself sends requests. The browser is sent to the others. */
const backchannelEndpoints = [
  ...['jwks_uri', 'token_endpoint', 'userinfo_endpoint'],
  ...['revocation_endpoint', 'introspection_endpoint', 'pushed_authorization_request_endpoint'],
]

/**
 * Downloads and caches the discovery document of one issuer (OpenID Connect Discovery 1.0, section 4; RFC 8414). No other
 * code reads discovery documents. Times are arguments, in milliseconds since the epoch.
 */
export class IssuerMetadata {
  readonly issuer: string
  readonly #flight = new SingleFlight<Metadata>()
  readonly #cooldown = new Cooldown(COOLDOWN_MS)
  readonly #options: IssuerOptions
  /** Identifier that the document must have. */
  readonly #documentIssuer: string
  /** Base URL of the documents. */
  readonly #baseUrl: string
  #current: { readonly document: Metadata; readonly fetchedAt: number } | undefined
  #error: unknown

  constructor(options: IssuerOptions) {
    const tenants = openTenants(options)
    this.issuer = options.issuer
    this.#options = options
    this.#documentIssuer = tenants?.documentIssuer ?? options.issuer
    this.#baseUrl = (options.backchannelUrl ?? tenants?.url ?? options.issuer).replace(/\/$/, '')
  }

  /** URL of the document. */
  get url(): string {
    return `${this.#baseUrl}/.well-known/openid-configuration`
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
        const document = this.#accept(await this.#download(signal))
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

  /**
   * Returns the URL of an endpoint in the document.
   *
   * @throws {Error} if it is missing or its scheme is not allowed for this issuer
   */
  endpoint(document: Metadata, name: string): string {
    const url = document[name]
    if (typeof url === 'string' && this.allows(url)) return url
    throw new Error(`${name} is missing or not https`)
  }

  /** Tells whether requests to the URL are allowed: https, and plain http for an issuer to which it is allowed. */
  allows(url: string): boolean {
    const isInsecureHttp = this.#options.insecureHttp === true && URL.parse(url)?.protocol === 'http:'
    return isInsecureHttp || secureUrlOf(this.issuer, url) !== undefined
  }

  async #download(signal: AbortSignal): Promise<Metadata> {
    try {
      return await fetchJson(this.url, signal)
    } catch (error) {
      if (!(error instanceof StatusError && error.status === 404)) throw error
      // RFC 8414, section 3.1: authorization servers without OpenID Connect
      const { origin, pathname } = new URL(this.#baseUrl)
      return fetchJson(
        `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`,
        signal,
      )
    }
  }

  #accept(document: Metadata): Metadata {
    // Discovery 1.0, section 4.3: without this, another issuer could provide keys for this one
    if (document.issuer !== this.#documentIssuer)
      throw new Error(
        `the discovery document names ${quote(document.issuer)}, not ${quote(this.#documentIssuer)}`,
      )
    return this.#options.backchannelUrl === undefined ? document : this.#withBackchannel(document)
  }

  /** Replaces the identifier of the issuer in endpoints to which the service itself sends requests. */
  #withBackchannel(document: Metadata): Metadata {
    const frontchannel = `${this.issuer.replace(/\/$/, '')}/`
    const moved = backchannelEndpoints.flatMap((name) => {
      const url = document[name]
      const isMoved = typeof url === 'string' && url.startsWith(frontchannel)
      return isMoved ? [[name, `${this.#baseUrl}/${url.slice(frontchannel.length)}`]] : []
    })
    return { ...document, ...Object.fromEntries(moved) }
  }
}

const MAX_QUOTE_LENGTH = 200

/** The name is of an unknown server: it must not break the log. */
function quote(name: unknown): string {
  return String(JSON.stringify(name)).slice(0, MAX_QUOTE_LENGTH)
}
