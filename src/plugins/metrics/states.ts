import type { Registry } from 'prom-client'
import { addReadGauge, PREFIX } from './registry.ts'

export interface PoolState {
  /** Statements that are executed or wait for a connection. */
  readonly pending: number
  readonly maxConnections: number
}

export interface RevocationState {
  /** Number of revoked values. */
  readonly size: number
  ageMs(now: number): number
}

/** State of the process, read when the metrics are scraped. */
export interface States {
  /** Results of the readiness checks: `ok` or the problem, by check. */
  readonly checkReadiness: () => Promise<Readonly<Record<string, string>>>
  /** Undefined for databases without a pool. */
  readonly pool: () => PoolState | undefined
  readonly revocations: () => RevocationState
  /** Optional modules by name. */
  readonly modules: Readonly<Record<string, boolean>>
}

export function addStateMetrics(
  registry: Registry,
  { checkReadiness, pool, revocations, modules }: States,
): void {
  addReadGauge(
    registry,
    { name: `${PREFIX}ready`, help: '1 if the readiness check passes, 0 if not', labelNames: ['check'] },
    async () =>
      Object.entries(await checkReadiness()).map(([check, result]) => ({
        labels: { check },
        value: Number(result === 'ok'),
      })),
  )
  addReadGauge(
    registry,
    { name: `${PREFIX}module_enabled`, help: '1 if the optional module is enabled', labelNames: ['module'] },
    () => Object.entries(modules).map(([module, isOn]) => ({ labels: { module }, value: Number(isOn) })),
  )
  addReadGauge(registry, { name: `${PREFIX}revocations`, help: 'Revocations in memory' }, () => [
    { labels: {}, value: revocations().size },
  ])
  addReadGauge(
    registry,
    {
      name: `${PREFIX}revocations_age_seconds`,
      help: 'Time since the revocations were last read, or since the start',
    },
    () => [{ labels: {}, value: revocations().ageMs(Date.now()) / 1000 }],
  )
  const ofPool = (read: (state: PoolState) => number) => () => {
    const state = pool()
    return [{ labels: {}, value: state ? read(state) : 0 }]
  }
  addReadGauge(
    registry,
    { name: `${PREFIX}store_pending_statements`, help: 'Statements that are executed or wait' },
    ofPool(({ pending }) => pending),
  )
  addReadGauge(
    registry,
    { name: `${PREFIX}store_pool_max_connections`, help: 'Maximum size of the connection pool' },
    ofPool(({ maxConnections }) => maxConnections),
  )
}
