import t from 'tap'
import { loadConfig, summarize } from '../../src/config/index.ts'

const required = { AUTH0_DOMAIN: 'one.test,two.test', AUTH0_AUDIENCE: 'api' }

t.test('the summary says off for every optional part by default', async (t) => {
  t.strictSame(summarize(loadConfig(required)), {
    issuers: 'https://one.test/, https://two.test/',
    audiences: 'api',
    algorithms: 'RS256',
    dpop: 'allowed, proofs remembered by each replica',
    clientCertificates: 'off',
    database: 'SQLite, data/gatehouse.db',
    keptKeys: 'off',
    webApp: 'off', // part: web-app
    docs: '/docs, /openapi.json',
    cors: 'off',
    trustedProxies: 'off',
    rateLimit: 'off',
    metrics: 'off',
    traces: 'off',
  })
})

t.test('the summary describes the enabled parts without secrets', async (t) => {
  const environment = {
    ...required,
    DATABASE_URL: 'postgres://user:hunter2@db.test:5433/name?password=hunter2',
    STATE_SECRET: 'hunter2-'.repeat(4),
    // part: web-app
    AUTH0_CLIENT_ID: 'client',
    AUTH0_CLIENT_SECRET: 'hunter2',
    SESSION_SECRET: 'hunter2-'.repeat(4),
    // end
    CLIENT_ORIGIN_URL: 'https://a.test,https://b.test',
    TRUST_PROXY: '1',
    RATE_LIMIT_MAX: '100',
    METRICS_HOST: '::1',
    METRICS_PORT: '9464',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:hunter2@collector.test:4318',
  }
  const summary = summarize(loadConfig(environment))
  t.match(summary, {
    database: 'PostgreSQL, db.test:5433/name',
    keptKeys: 'sealed in the database',
    webApp: 'http://localhost:3000, client client', // part: web-app
    cors: 'https://a.test, https://b.test',
    trustedProxies: '1',
    rateLimit: '100 a minute, counted by each replica',
    metrics: '::1 port 9464',
    traces: 'collector.test:4318',
  })
  const withRedis = summarize(loadConfig({ ...environment, REDIS_URL: 'rediss://:hunter2@cache.test:6380' }))
  t.equal(withRedis.dpop, 'allowed, proofs remembered in Redis at cache.test:6380')
  const bound = { ...required, TRUST_PROXY: '1', DPOP: 'disabled', CLIENT_CERT_HEADER: 'client-cert' }
  t.match(summarize(loadConfig(bound)), { dpop: 'off', clientCertificates: 'client-cert' })
  t.equal(withRedis.rateLimit, '100 a minute, counted in Redis at cache.test:6380')
  const counted = (REDIS_URL: string) => summarize(loadConfig({ ...environment, REDIS_URL })).rateLimit
  t.match(counted('redis+cluster://:hunter2@a:1,b'), /counted in Redis Cluster at a:1, b$/)
  t.match(counted('redis+sentinel://:hunter2@a,b/primary'), /counted in Redis found by Sentinel at a, b$/)
  t.notMatch(JSON.stringify([summary, withRedis]), /hunter2/)
})
