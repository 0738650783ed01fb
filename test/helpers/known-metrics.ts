import { makeMetrics } from '../../src/plugins/metrics/all.ts'

export interface KnownMetric {
  readonly type: string
  readonly labels: readonly string[]
}

/** Part of a metric that prom-client's types omit. */
interface RegisteredMetric {
  readonly labelNames: readonly string[]
  get(): Promise<{ name: string; type: string }>
}

/** Returns every metric of the service by name. */
export async function knownMetrics(): Promise<Map<string, KnownMetric>> {
  const { registry } = makeMetrics({
    tokenCache: { cacheSize: 0, cacheStats: { hits: 0, misses: 0 } },
    keySets: new Map(),
    maxKeyAgeSeconds: 0,
    proofs: null,
    checkReadiness: async () => ({}),
    pool: () => undefined,
    revocations: () => ({ size: 0, ageMs: () => 0 }),
    modules: {},
  })
  const all = registry.getMetricsAsArray() as unknown as RegisteredMetric[]
  const metrics = all.map(async (metric) => {
    const { name, type } = await metric.get()
    return [name, { type, labels: metric.labelNames }] as const
  })
  return new Map(await Promise.all(metrics))
}
