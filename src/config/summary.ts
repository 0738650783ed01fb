import { redisUrls } from '../http/redis-urls.ts'
import type { Config } from './variables.ts'

/** Describes the configuration for the operator, without secrets. Disabled parts are `off`. */
export function summarize(config: Config): Record<string, string> {
  const { METRICS_HOST, METRICS_PORT, RATE_LIMIT_MAX, REDIS_URL, OTEL_EXPORTER_OTLP_ENDPOINT } = config
  return {
    issuers: config.ISSUERS.map(({ issuer }) => issuer).join(', '),
    audiences: [...new Set(config.ISSUERS.flatMap(({ audiences = [] }) => audiences))].join(', '),
    algorithms: config.AUTH_ALGORITHMS.join(', '),
    dpop: config.DPOP === 'disabled' ? OFF : `${config.DPOP}, ${describeProofs(REDIS_URL)}`,
    clientCertificates: config.CLIENT_CERT_HEADER ?? OFF,
    database: describeDatabase(config.DATABASE_URL),
    keptKeys: config.STATE_SECRET ? 'sealed in the database' : OFF,
    // part: web-app
    webApp:
      config.AUTH0_CLIENT_ID === undefined ? OFF : `${config.BASE_URL}, client ${config.AUTH0_CLIENT_ID}`,
    // end
    docs: config.DOCS === 'off' ? OFF : '/docs, /openapi.json',
    cors: config.CLIENT_ORIGIN_URL.join(', ') || OFF,
    trustedProxies: config.TRUST_PROXY === false ? OFF : String(config.TRUST_PROXY),
    rateLimit: RATE_LIMIT_MAX === 0 ? OFF : `${RATE_LIMIT_MAX} a minute, ${describeCounts(REDIS_URL)}`,
    metrics: METRICS_PORT === 0 ? OFF : `${METRICS_HOST} port ${METRICS_PORT}`,
    traces: OTEL_EXPORTER_OTLP_ENDPOINT === undefined ? OFF : new URL(OTEL_EXPORTER_OTLP_ENDPOINT).host,
  }
}

const OFF = 'off'

function describeDatabase(url: string): string {
  if (url.startsWith('file:')) return `SQLite, ${url.slice('file:'.length)}`
  const { host, pathname } = new URL(url)
  return `PostgreSQL, ${host}${pathname}`
}

function describeCounts(redisUrl: string | undefined): string {
  return redisUrl === undefined ? 'counted by each replica' : `counted in ${describeRedis(redisUrl)}`
}

function describeProofs(redisUrl: string | undefined): string {
  return redisUrl === undefined
    ? 'proofs remembered by each replica'
    : `proofs remembered in ${describeRedis(redisUrl)}`
}

function describeRedis(redisUrl: string): string {
  const { kind, urls } = redisUrls(redisUrl)
  const hosts = urls.map((url) => new URL(url).host).join(', ')
  return `Redis${kinds[kind]} at ${hosts}`
}

const kinds = { single: '', cluster: ' Cluster', sentinel: ' found by Sentinel' }
