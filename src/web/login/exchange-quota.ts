import { LRUCache } from 'lru-cache'
import { httpErrors, ServiceError } from '../../errors/catalogue.ts'

/** Maximum number of failed exchanges of one network in a window. */
const MAX_FAILURES = 10
const WINDOW_MS = 60_000
const MAX_NETWORKS = 20_000

interface Window {
  /** Exchanges that failed or are in progress. */
  failures: number
  readonly endsAt: number
}

/**
 * Quota of exchanges that fail. Any client can start logins and invent their codes, and each would be a request to the issuer with
 * the client secret. Does not depend on `RATE_LIMIT_MAX`; each process counts alone.
 */
export class ExchangeQuota {
  readonly #windows = new LRUCache<string, Window>({ max: MAX_NETWORKS })

  /**
   * Runs an exchange, unless the quota of the network is exceeded.
   *
   * @param nowMs time of a monotonic clock
   * @throws {ServiceError} 429
   */
  async run<T>(network: string, nowMs: number, exchange: () => Promise<T>): Promise<T> {
    const window = this.#window(network, nowMs)
    if (window.failures >= MAX_FAILURES) {
      const retryAfterSeconds = Math.ceil((window.endsAt - nowMs) / 1000)
      throw new ServiceError(httpErrors.rateLimited, { detail: 'too many failed logins', retryAfterSeconds })
    }
    window.failures++
    const result = await exchange()
    window.failures--
    return result
  }

  #window(network: string, nowMs: number): Window {
    const known = this.#windows.get(network)
    if (known && nowMs < known.endsAt) return known
    const window = { failures: 0, endsAt: nowMs + WINDOW_MS }
    this.#windows.set(network, window)
    return window
  }
}
