import { Counter, type Registry } from 'prom-client'
import { addEventCounter, PREFIX } from './registry.ts'

const quotas = ['caller', 'address', 'rejected'] as const

/** Kind of the quota that a request exceeded. */
export type LimitedQuota = (typeof quotas)[number]

/** Events that other plugins count. */
export interface EventCounters {
  requestLimited(quota: LimitedQuota): void
  userinfoFailed(issuer: string): void
  redisFailed(): void
}

export function addEventMetrics(registry: Registry, issuers: readonly string[]): EventCounters {
  const limited = addEventCounter(
    registry,
    `${PREFIX}rate_limited_requests_total`,
    'Requests rejected by the rate limit, by exceeded quota',
    'quota',
    quotas,
  )
  const userinfo = addEventCounter(
    registry,
    `${PREFIX}userinfo_failures_total`,
    'Failed UserInfo requests',
    'issuer',
    issuers,
  )
  const redis = new Counter({
    name: `${PREFIX}redis_errors_total`,
    help: 'Failed Redis commands',
    registers: [registry],
  })
  return {
    requestLimited: (quota) => limited.inc({ quota }),
    userinfoFailed: (issuer) => userinfo.inc({ issuer }),
    redisFailed: () => redis.inc(),
  }
}
