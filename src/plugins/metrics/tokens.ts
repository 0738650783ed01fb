import type { Registry } from 'prom-client'
import { type TokenErrorReason, tokenErrorReasons } from '../auth/index.ts'
import { addReadCounter, addReadGauge } from './registry.ts'

type Outcome = 'accepted' | TokenErrorReason

/** Cache of accepted tokens. */
export interface TokenCache {
  readonly cacheSize: number
  readonly cacheStats: { readonly hits: number; readonly misses: number }
}

/** Keys of one issuer. */
export interface KeySetState {
  readonly size: number
  readonly fetches: { readonly ok: number; readonly failed: number }
  ageMs(now: number): number | undefined
}

/** @returns counts the outcome of a token */
export function addTokenMetrics(registry: Registry, cache: TokenCache): (outcome: Outcome) => void {
  const outcomes = ['accepted', ...tokenErrorReasons] as const
  // Starts at 0, so that Prometheus sees the first of each outcome as an increase
  const counts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>
  addReadCounter(
    registry,
    {
      name: 'gatehouse_tokens_total',
      help: 'Requests to guarded routes by outcome of their token',
      labelNames: ['outcome'],
    },
    () => outcomes.map((outcome) => ({ labels: { outcome }, value: counts[outcome] })),
  )
  addReadCounter(
    registry,
    { name: 'gatehouse_token_cache_hits_total', help: 'Tokens accepted from the cache' },
    () => [{ labels: {}, value: cache.cacheStats.hits }],
  )
  addReadCounter(
    registry,
    { name: 'gatehouse_token_cache_misses_total', help: 'Tokens that were not in the cache' },
    () => [{ labels: {}, value: cache.cacheStats.misses }],
  )
  addReadGauge(registry, { name: 'gatehouse_token_cache_size', help: 'Tokens in the cache' }, () => [
    { labels: {}, value: cache.cacheSize },
  ])
  return (outcome) => {
    counts[outcome]++
  }
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
      name: 'gatehouse_key_set_age_seconds',
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
      name: 'gatehouse_key_set_max_age_seconds',
      help: 'Age at which keys expire',
      labelNames,
    },
    each(() => maxAgeSeconds),
  )
  addReadGauge(
    registry,
    { name: 'gatehouse_key_set_keys', help: 'Keys that can verify signatures', labelNames },
    each(({ size }) => size),
  )
  addReadCounter(
    registry,
    {
      name: 'gatehouse_key_set_fetches_total',
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
