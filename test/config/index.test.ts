import t, { type Test } from 'tap'
import { configSchema, loadConfig } from '../../src/config/index.ts'
import { ConfigError } from '../../src/errors/config-error.ts'

const required = { AUTH0_DOMAIN: 'tenant.example', AUTH0_AUDIENCE: 'https://api.example' }
// part: web-app
const secrets = { AUTH0_CLIENT_SECRET: 'client-secret', SESSION_SECRET: 'session-secret '.repeat(3).trim() }
const webApp = { AUTH0_CLIENT_ID: 'client', ...secrets }
// end

/** The trusted issuers of the required variables. */
const issuers = {
  ISSUERS: [{ issuer: 'https://tenant.example/', audiences: ['https://api.example'] }],
  LOGIN_ISSUER: 'https://tenant.example/',
  LOGIN_AUDIENCE: 'https://api.example',
}

const load = (environment: NodeJS.ProcessEnv = {}) => loadConfig({ ...required, ...environment })

function faultsOf(t: Test, environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(environment)
  } catch (error) {
    t.type(error, ConfigError)
    const { faults, message } = error as ConfigError
    t.equal(message, ['The configuration is not usable:', ...faults].join('\n  '))
    return faults
  }
  return []
}

t.test('only two variables are required', async (t) => {
  t.strictSame(load(), {
    ...issuers,
    HOST: 'localhost',
    PORT: 3000,
    METRICS_HOST: 'localhost',
    METRICS_PORT: 0,
    LOG_LEVEL: 'info',
    CLIENT_ORIGIN_URL: [],
    CORS_ALLOWED_HEADERS: [],
    DOCS: 'on',
    DATABASE_URL: 'file:data/gatehouse.db',
    DATABASE_POOL_MAX: 10,
    TRUST_PROXY: false,
    AUTH_ALGORITHMS: ['RS256'],
    AUTH_CLOCK_TOLERANCE_SECONDS: 30,
    DPOP: 'allowed',
    DPOP_ALGORITHMS: ['ES256', 'EdDSA', 'RS256'],
    DPOP_PROOF_MAX_AGE_SECONDS: 60,
    DPOP_NONCE: 'on-skew',
    PUBLIC_URLS: [],
    JWKS_MAX_STALE_HOURS: 24,
    TOKEN_CACHE_MAX: 10_000,
    USER_CACHE_MAX: 10_000,
    RATE_LIMIT_MAX: 0,
    REVOCATION_POLL_SECONDS: 5,
    SHUTDOWN_DELAY_SECONDS: 0,
    SHUTDOWN_GRACE_SECONDS: 10,
    MAX_CONNECTIONS: 0,
    TODOS_PER_USER_MAX: 10_000, // part: todos
    BASE_URL: 'http://localhost:3000',
    PUBLIC_URL: 'http://localhost:3000',
    // part: web-app
    ADMIN_MAX_AGE_SECONDS: 0,
    LOGIN_AUTHORIZATION_PARAMS: [],
    LOGIN_REQUIRE_VERIFIED_EMAIL: false,
    // end
  })
})

t.test('every variable is read from the environment, and unknown variables are ignored', async (t) => {
  const environment = {
    HOST: '0.0.0.0',
    PORT: '8080',
    METRICS_HOST: '127.0.0.1',
    METRICS_PORT: '9464',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp/',
    LOG_LEVEL: 'warn',
    CLIENT_ORIGIN_URL: 'https://app.example',
    CORS_ALLOWED_HEADERS: 'X-Tenant-Id',
    DOCS: 'off',
    DOCS_CLIENT_ID: 'docs-client',
    DATABASE_URL: 'postgres://db.example/name',
    DATABASE_POOL_MAX: '5',
    TRUST_PROXY: '1',
    AUTH_ALGORITHMS: 'ES256',
    AUTH_CLOCK_TOLERANCE_SECONDS: '0',
    DPOP: 'required',
    DPOP_ALGORITHMS: 'ES256',
    DPOP_PROOF_MAX_AGE_SECONDS: '5',
    DPOP_NONCE: 'always',
    DPOP_NONCE_SECRET: 'n'.repeat(32),
    PUBLIC_URLS: 'https://api.example/svc2/, https://b.example',
    CLIENT_CERT_HEADER: 'client-cert',
    JWKS_MAX_STALE_HOURS: '1',
    TOKEN_CACHE_MAX: '1000',
    USER_CACHE_MAX: '2000',
    RATE_LIMIT_MAX: '100',
    REDIS_URL: 'rediss://cache.example:6380',
    REVOCATION_POLL_SECONDS: '60',
    MAX_TOKEN_LIFETIME_SECONDS: '3600',
    STATE_SECRET: 'state-secret '.repeat(3).trim(),
    SHUTDOWN_DELAY_SECONDS: '5',
    SHUTDOWN_GRACE_SECONDS: '30',
    MAX_CONNECTIONS: '500',
    TODOS_PER_USER_MAX: '20', // part: todos
    BASE_URL: 'https://app.example/',
    PUBLIC_URL: 'https://API.example/v1/',
    // part: web-app
    ADMIN_MAX_AGE_SECONDS: '300',
    LOGIN_SCOPE: 'openid email',
    LOGIN_REQUIRE_VERIFIED_EMAIL: 'true',
    LOGIN_AUTHORIZATION_PARAMS: 'prompt=consent',
    API_SERVER_URL: 'https://api.example/',
    ...webApp,
    // end
  }
  const config = load({ ...environment, HOME: '/root' })
  const ofIssuers = [
    'AUTH0_DOMAIN',
    'AUTH0_AUDIENCE',
    'ISSUERS_FILE',
    'JWKS_FILE',
    'AUTH_INSECURE_HTTP_ISSUERS',
  ]
  const names = [
    ...ofIssuers,
    'AUTH0_CLIENT_KEY', // part: web-app
    ...Object.keys(environment),
  ]
  t.strictSame(names.sort(), Object.keys(configSchema.properties).sort())
  t.strictSame(config, {
    ...environment,
    ...issuers,
    PORT: 8080,
    METRICS_PORT: 9464,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp',
    CLIENT_ORIGIN_URL: ['https://app.example'],
    CORS_ALLOWED_HEADERS: ['X-Tenant-Id'],
    TRUST_PROXY: 1,
    AUTH_ALGORITHMS: ['ES256'],
    AUTH_CLOCK_TOLERANCE_SECONDS: 0,
    DATABASE_POOL_MAX: 5,
    DPOP_ALGORITHMS: ['ES256'],
    DPOP_PROOF_MAX_AGE_SECONDS: 5,
    DPOP_NONCE_SECRET: ['n'.repeat(32)],
    PUBLIC_URLS: ['https://api.example/svc2', 'https://b.example'],
    JWKS_MAX_STALE_HOURS: 1,
    TOKEN_CACHE_MAX: 1000,
    USER_CACHE_MAX: 2000,
    RATE_LIMIT_MAX: 100,
    REVOCATION_POLL_SECONDS: 60,
    MAX_TOKEN_LIFETIME_SECONDS: 3600,
    STATE_SECRET: ['state-secret '.repeat(3).trim()],
    SHUTDOWN_DELAY_SECONDS: 5,
    SHUTDOWN_GRACE_SECONDS: 30,
    MAX_CONNECTIONS: 500,
    TODOS_PER_USER_MAX: 20, // part: todos
    BASE_URL: 'https://app.example',
    PUBLIC_URL: 'https://api.example/v1',
    // part: web-app
    LOGIN_REQUIRE_VERIFIED_EMAIL: true,
    ADMIN_MAX_AGE_SECONDS: 300,
    LOGIN_AUTHORIZATION_PARAMS: [['prompt', 'consent']],
    SESSION_SECRET: [secrets.SESSION_SECRET],
    API_SERVER_URL: 'https://api.example',
    // end
  })
})

t.test('numbers out of bounds and unknown choices are rejected', async (t) => {
  const bounds = {
    PORT: [0, 65_535],
    METRICS_PORT: [0, 65_535],
    AUTH_CLOCK_TOLERANCE_SECONDS: [0, 300],
    DATABASE_POOL_MAX: [1, 1_000],
    JWKS_MAX_STALE_HOURS: [1, 720],
    TOKEN_CACHE_MAX: [1, 1_000_000],
    USER_CACHE_MAX: [1, 1_000_000],
    RATE_LIMIT_MAX: [0, 1_000_000],
    REVOCATION_POLL_SECONDS: [1, 300],
    MAX_TOKEN_LIFETIME_SECONDS: [60, 31_536_000],
    SHUTDOWN_DELAY_SECONDS: [0, 600],
    SHUTDOWN_GRACE_SECONDS: [1, 600],
    MAX_CONNECTIONS: [0, 1_000_000],
    TODOS_PER_USER_MAX: [1, 1_000_000], // part: todos
    ADMIN_MAX_AGE_SECONDS: [0, 86_400], // part: web-app
  }
  for (const [name, [minimum = 0, maximum = 0]] of Object.entries(bounds)) {
    for (const value of [minimum, maximum]) t.match(load({ [name]: `${value}` }), { [name]: value })
    for (const text of [`${minimum - 1}`, `${maximum + 1}`, '1.5', '12 34', 'many', 'true']) {
      const fault = `${name} is wrong: expected a whole number from ${minimum} to ${maximum}`
      t.strictSame(faultsOf(t, { ...required, [name]: text }), [fault], text)
    }
  }
  for (const LOG_LEVEL of ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']) {
    t.equal(load({ LOG_LEVEL }).LOG_LEVEL, LOG_LEVEL)
  }
  for (const LOG_LEVEL of ['verbose', 'INFO', '30']) {
    t.match(faultsOf(t, { ...required, LOG_LEVEL }), [/^LOG_LEVEL is wrong: expected one of fatal, error, /])
  }
})

t.test('one message lists every missing or wrong variable by name, without its value', async (t) => {
  const environment = {
    AUTH0_DOMAIN: 'http://value.example',
    HOST: 'value value',
    PORT: 'value',
    METRICS_HOST: 'value value',
    METRICS_PORT: 'value',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'value',
    LOG_LEVEL: 'value',
    CLIENT_ORIGIN_URL: 'value',
    CORS_ALLOWED_HEADERS: 'value:',
    DOCS: 'value',
    DATABASE_URL: 'mysql://value:value@db',
    DATABASE_POOL_MAX: 'value',
    TRUST_PROXY: 'value',
    AUTH_ALGORITHMS: 'value',
    AUTH_INSECURE_HTTP_ISSUERS: 'value',
    AUTH_CLOCK_TOLERANCE_SECONDS: 'value',
    JWKS_MAX_STALE_HOURS: 'value',
    TOKEN_CACHE_MAX: 'value',
    USER_CACHE_MAX: 'value',
    RATE_LIMIT_MAX: 'value',
    SHUTDOWN_GRACE_SECONDS: 'value',
    MAX_CONNECTIONS: 'value',
    TODOS_PER_USER_MAX: 'value', // part: todos
    BASE_URL: 'value',
    PUBLIC_URL: 'value',
  }
  const faults = faultsOf(t, environment)
  const wrong = Object.keys(environment).map((name) => `${name} is wrong`)
  t.strictSame(
    faults.map((fault) => fault.split(':')[0]).sort(),
    [...wrong, 'AUTH0_AUDIENCE is missing'].sort(),
  )
  for (const fault of faults) {
    t.match(fault, /: (expected|plain http is allowed) \S/)
    t.notMatch(fault, /value|undefined/)
  }
})

t.test('plain http for an issuer off the loopback needs a switch', async (t) => {
  const issuer = 'http://keycloak:8080/realms/x'
  const faults = faultsOf(t, { ...required, AUTH0_DOMAIN: `https://one.test/,${issuer}` })
  t.match(faults, [/^AUTH0_DOMAIN is wrong: plain http .*AUTH_INSECURE_HTTP_ISSUERS=true allows it$/])
  t.equal(faults.length, 1)
  const { ISSUERS } = load({
    AUTH0_DOMAIN: `${issuer},http://localhost:4400/`,
    AUTH_INSECURE_HTTP_ISSUERS: 'true',
  })
  t.match(ISSUERS, [
    { issuer, insecureHttp: true },
    { issuer: 'http://localhost:4400/', insecureHttp: undefined },
  ])
})

t.test('quotes around a value are rejected, whatever the variable', async (t) => {
  for (const [name, text] of Object.entries({
    AUTH0_DOMAIN: '"tenant.example"',
    AUTH0_AUDIENCE: "'https://api.example'",
    REDIS_URL: '"redis://:hunter2@cache.test"',
    LOG_LEVEL: '`info`',
    PORT: '"3000"',
  })) {
    const faults = faultsOf(t, { ...required, [name]: text })
    t.strictSame(faults, [`${name} is wrong: expected a value without quotes`])
  }
  t.match(load({ AUTH0_AUDIENCE: `it's "one"`.replaceAll(' ', '-') }), {
    ISSUERS: [{ audiences: [`it's-"one"`] }],
  })
})

t.test('placeholders are rejected, whatever the variable', async (t) => {
  const placeholders = {
    AUTH0_DOMAIN: [
      'your-tenant.eu.auth0.com',
      'YOUR_DOMAIN',
      'https://your-tenant.eu.auth0.com/',
      'login.example.com',
    ],
    AUTH0_AUDIENCE: ['https://your-api.example.com', 'YOUR_API_IDENTIFIER', '<audience>'],
    METRICS_HOST: ['YOUR_DOMAIN', 'your client'],
    DATABASE_URL: ['postgres://user:your-password@db/name', 'postgres://user:change-me-please@db/name'],
  }
  for (const [name, texts] of Object.entries(placeholders)) {
    for (const text of texts) {
      const faults = faultsOf(t, { ...required, [name]: text })
      t.match(faults, [`${name} is wrong: this is a placeholder, expected a value of your own`], text)
    }
  }
  const domain = 'static.1.clients.your-server.de'
  t.match(load({ AUTH0_DOMAIN: domain }), { ISSUERS: [{ issuer: `https://${domain}/` }] })
})

t.test('a nonce that is always required needs a secret that replicas share', async (t) => {
  const always = { ...required, DPOP_NONCE: 'always' }
  t.match(faultsOf(t, always), [/^DPOP_NONCE_SECRET is missing: DPOP_NONCE=always needs DPOP_NONCE_SECRET/])
  t.strictSame(faultsOf(t, { ...always, DPOP_NONCE_SECRET: 'n'.repeat(32) }), [])
  t.strictSame(faultsOf(t, { ...always, DPOP: 'disabled' }), [])
})

t.test('a header with the client certificate needs a trusted proxy', async (t) => {
  const header = { ...required, CLIENT_CERT_HEADER: 'client-cert' }
  for (const TRUST_PROXY of [undefined, 'false', '0'])
    t.strictSame(faultsOf(t, { ...header, TRUST_PROXY }), [
      'TRUST_PROXY is missing: CLIENT_CERT_HEADER is read from trusted proxies only',
    ])
  for (const TRUST_PROXY of ['1', 'loopback']) t.strictSame(faultsOf(t, { ...header, TRUST_PROXY }), [])
})

t.test('the metrics port must differ from the service port on the same address', async (t) => {
  t.match(load({ PORT: '9464', METRICS_PORT: '9464', HOST: '10.0.0.1', METRICS_HOST: '127.0.0.1' }), {
    METRICS_PORT: 9464,
  })
  t.match(load({ PORT: '9464', METRICS_PORT: '9465' }), { METRICS_PORT: 9465 })
  t.match(load({ PORT: '0', METRICS_PORT: '0' }), { PORT: 0, METRICS_PORT: 0 })
  t.strictSame(faultsOf(t, { ...required, PORT: '9464', METRICS_PORT: '9464' }), [
    'METRICS_PORT is wrong: expected another port than PORT',
  ])
})

t.test('an empty variable counts as absent', async (t) => {
  t.strictSame(load({ PORT: '', BASE_URL: ' ', REDIS_URL: '', CLIENT_ORIGIN_URL: '' }), load())
  t.match(faultsOf(t, { AUTH0_DOMAIN: '', AUTH0_AUDIENCE: ' ' }), [
    /^AUTH0_DOMAIN is missing: expected an Auth0 domain/,
    /^AUTH0_AUDIENCE is missing: expected an API identifier/,
  ])
})

t.test('METRICS_HOST defaults to HOST', async (t) => {
  t.match(load({ HOST: '0.0.0.0' }), { METRICS_HOST: '0.0.0.0' })
  t.match(load({ HOST: '0.0.0.0', METRICS_HOST: '127.0.0.1' }), { METRICS_HOST: '127.0.0.1' })
})

t.test('BASE_URL defaults to localhost with the port, and PUBLIC_URL to BASE_URL', async (t) => {
  const local = 'http://localhost:8080'
  t.match(load({ PORT: '8080' }), { BASE_URL: local, PUBLIC_URL: local })
  const app = 'https://app.example'
  t.match(load({ BASE_URL: `${app}/` }), { BASE_URL: app, PUBLIC_URL: app })
})

t.test('the configuration is deeply frozen', async (t) => {
  const config = load({ CLIENT_ORIGIN_URL: 'https://app.example' })
  for (const value of [config, ...Object.values(config)]) t.ok(Object.isFrozen(value))
})

t.test('two configurations do not share state', async (t) => {
  t.equal(load({ AUTH0_AUDIENCE: 'other' }).LOGIN_AUDIENCE, 'other')
  t.equal(load().LOGIN_AUDIENCE, 'https://api.example')
})

t.test('the keys of one issuer can be in a file', async (t) => {
  const folder = t.testdir({ 'keys.json': '{}' })
  const [issuer] = load({ JWKS_FILE: `${folder}/keys.json` }).ISSUERS
  t.match(issuer, { issuer: 'https://tenant.example/', jwksFile: `${folder}/keys.json` })
  t.strictSame(faultsOf(t, { ...required, JWKS_FILE: `${folder}/none.json` }), [
    `JWKS_FILE is wrong: ${folder}/none.json cannot be read`,
  ])
  const several = { ...required, AUTH0_DOMAIN: 'one.test,two.test', JWKS_FILE: `${folder}/keys.json` }
  t.strictSame(faultsOf(t, several), ['JWKS_FILE is wrong: it has the keys of one issuer, not of several'])
})
