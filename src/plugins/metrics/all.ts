import { addEventMetrics } from './events.ts'
import { addProofMetrics, type ProofState } from './proofs.ts'
import { makeRegistry } from './registry.ts'
import { addRequestMetrics } from './requests.ts'
import { addStoreMetrics } from './statements.ts'
import { addStateMetrics, type States } from './states.ts'
import { addKeySetMetrics, addTokenMetrics, type KeySetState, type TokenCache } from './tokens.ts'
import { addWebAppMetrics } from './web-app.ts' // part: web-app

/** Objects that count for themselves; their numbers are read when the metrics are scraped. */
export interface Sources extends States {
  readonly tokenCache: TokenCache
  /** Key sets by issuer. */
  readonly keySets: ReadonlyMap<string, KeySetState>
  readonly maxKeyAgeSeconds: number
  readonly proofs: ProofState | null
}

/** Creates every metric of the service. A test compares them with docs/metrics.md. */
export function makeMetrics({ tokenCache, keySets, maxKeyAgeSeconds, proofs, ...states }: Sources) {
  const registry = makeRegistry()
  const requests = addRequestMetrics(registry)
  const issuers = [...keySets.keys()]
  const countToken = addTokenMetrics(registry, tokenCache, issuers)
  addKeySetMetrics(registry, keySets, maxKeyAgeSeconds)
  addProofMetrics(registry, proofs)
  const onStatement = addStoreMetrics(registry)
  const events = {
    ...addEventMetrics(registry, issuers),
    ...addWebAppMetrics(registry), // part: web-app
  }
  addStateMetrics(registry, states)
  return { registry, requests, countToken, onStatement, events }
}

export type Metrics = ReturnType<typeof makeMetrics>
