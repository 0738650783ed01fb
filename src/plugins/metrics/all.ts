import { makeRegistry } from './registry.ts'
import { addRequestMetrics } from './requests.ts'
import { addStoreMetrics } from './statements.ts'
import { addKeySetMetrics, addTokenMetrics, type KeySetState, type TokenCache } from './tokens.ts'

/** Objects that count for themselves; their numbers are read when the metrics are scraped. */
export interface Sources {
  readonly tokenCache: TokenCache
  /** Key sets by issuer. */
  readonly keySets: ReadonlyMap<string, KeySetState>
  readonly maxKeyAgeSeconds: number
}

/** Creates every metric of the service. A test compares them with docs/metrics.md. */
export function makeMetrics({ tokenCache, keySets, maxKeyAgeSeconds }: Sources) {
  const registry = makeRegistry()
  const requests = addRequestMetrics(registry)
  const countToken = addTokenMetrics(registry, tokenCache)
  addKeySetMetrics(registry, keySets, maxKeyAgeSeconds)
  const onStatement = addStoreMetrics(registry)
  return { registry, requests, countToken, onStatement }
}

export type Metrics = ReturnType<typeof makeMetrics>
