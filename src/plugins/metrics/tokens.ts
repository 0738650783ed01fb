import type { Registry } from 'prom-client'
import { type TokenErrorReason, tokenErrorReasons } from '../auth/index.ts'
import { addReadCounter, addReadGauge, PREFIX } from './registry.ts'

/** Tenants of an entry for every tenant. */
const OTHER_ISSUER = 'other'

type Outcome = 'accepted' | TokenErrorReason

/** Cache of accepted tokens. */
export interface TokenCache {
  readonly cacheSize: number
  readonly cacheStats: { readonly hits: number; readonly misses: number }
}

const sources = ['fetched', 'kept', 'file'] as const

type KeySource = (typeof sources)[number]

/** Keys of one issuer. */
export interface KeySetState {
  readonly size: number
  readonly source: KeySource | undefined
  readonly fetches: { readonly ok: number; readonly failed: number }
  ageMs(now: number): number | undefined
}

/**
 * Labels accepted tokens with their issuer; others have none, because an unverified token proves no issuer. Tenants of an
 * entry for every tenant have no label of their own, because callers choose them.
 *
 * @returns counts the outcome of a token
 */
export function addTokenMetrics(
  registry: Registry,
  cache: TokenCache,
  issuers: readonly string[],
): (outcome: Outcome, issuer?: string) => void {
  // Starts at 0, so that Prometheus sees the first of each outcome as an increase
  const accepted = new Map([...issuers, OTHER_ISSUER].map((issuer) => [issuer, 0]))
  const rejected = new Map(tokenErrorReasons.map((reason) => [reason, 0]))
  addReadCounter(
    registry,
    {
      name: `${PREFIX}tokens_total`,
      help: 'Requests to guarded routes by outcome of their token',
      labelNames: ['outcome', 'issuer'],
    },
    () => [
      ...[...accepted].map(([issuer, value]) => ({ labels: { outcome: 'accepted', issuer }, value })),
      ...[...rejected].map(([outcome, value]) => ({ labels: { outcome, issuer: '' }, value })),
    ],
  )
  addReadCounter(
    registry,
    { name: `${PREFIX}token_cache_hits_total`, help: 'Tokens accepted from the cache' },
    () => [{ labels: {}, value: cache.cacheStats.hits }],
  )
  addReadCounter(
    registry,
    { name: `${PREFIX}token_cache_misses_total`, help: 'Tokens that were not in the cache' },
    () => [{ labels: {}, value: cache.cacheStats.misses }],
  )
  addReadGauge(registry, { name: `${PREFIX}token_cache_size`, help: 'Tokens in the cache' }, () => [
    { labels: {}, value: cache.cacheSize },
  ])
  return (outcome, issuer = OTHER_ISSUER) => {
    if (outcome === 'accepted') increment(accepted, accepted.has(issuer) ? issuer : OTHER_ISSUER)
    else increment(rejected, outcome)
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) as number) + 1)
}

export function addKeySetMetrics(
  registry: Registry,
  keySets: ReadonlyMap<string, KeySetState>,
  maxAgeSeconds: number,
): void {
  const labelNames = ['issuer'] as const
  const each = (read: (keySet: KeySetState) => number | undefined) => () =>
    [...keySets].flatMap(([issuer, keySet]) => {
      const value = read(keySet)
      return value === undefined ? [] : [{ labels: { issuer }, value }]
    })
  addReadGauge(
    registry,
    {
      name: `${PREFIX}key_set_age_seconds`,
      help: 'Time since the last successful fetch of the keys',
      labelNames,
    },
    each((keySet) => {
      const ageMs = keySet.ageMs(Date.now())
      return ageMs === undefined ? undefined : ageMs / 1000
    }),
  )
  addReadGauge(
    registry,
    {
      name: `${PREFIX}key_set_max_age_seconds`,
      help: 'Age at which keys expire',
      labelNames,
    },
    each(() => maxAgeSeconds),
  )
  addReadGauge(
    registry,
    { name: `${PREFIX}key_set_keys`, help: 'Keys that can verify signatures', labelNames },
    each(({ size }) => size),
  )
  addReadGauge(
    registry,
    {
      name: `${PREFIX}key_set_source`,
      help: '1 for the origin of the keys, 0 for others',
      labelNames: ['issuer', 'source'],
    },
    () =>
      [...keySets].flatMap(([issuer, keySet]) =>
        sources.map((source) => ({ labels: { issuer, source }, value: Number(keySet.source === source) })),
      ),
  )
  addReadCounter(
    registry,
    {
      name: `${PREFIX}key_set_fetches_total`,
      help: 'Fetches of the keys by result',
      labelNames: ['issuer', 'result'],
    },
    () =>
      [...keySets].flatMap(([issuer, { fetches }]) => [
        { labels: { issuer, result: 'ok' }, value: fetches.ok },
        { labels: { issuer, result: 'failed' }, value: fetches.failed },
      ]),
  )
}
