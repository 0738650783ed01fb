import t, { type Test } from 'tap'
import { configSchema, loadConfig } from '../../src/config/index.ts'
import { ConfigError } from '../../src/errors/config-error.ts'

const required = { AUTH0_DOMAIN: 'tenant.example', AUTH0_AUDIENCE: 'https://api.example' }
const secrets = { AUTH0_CLIENT_SECRET: 'client-secret', SESSION_SECRET: 'session-secret '.repeat(3).trim() }
const webApp = { AUTH0_CLIENT_ID: 'client', ...secrets }

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
    AUTH0_DOMAIN: ['https://tenant.example/'],
    AUTH0_AUDIENCE: ['https://api.example'],
    HOST: 'localhost',
    PORT: 3000,
    METRICS_PORT: 0,
    LOG_LEVEL: 'info',
    CLIENT_ORIGIN_URL: [],
    DATABASE_URL: 'file:data/gatehouse.db',
    TRUST_PROXY: false,
    AUTH_ALGORITHMS: ['RS256'],
    AUTH_CLOCK_TOLERANCE_SECONDS: 30,
    JWKS_MAX_STALE_HOURS: 24,
    RATE_LIMIT_MAX: 0,
    SHUTDOWN_DELAY_SECONDS: 0,
    SHUTDOWN_GRACE_SECONDS: 10,
    MAX_CONNECTIONS: 0,
    BASE_URL: 'http://localhost:3000',
    API_SERVER_URL: 'http://localhost:3000',
  })
})

t.test('every variable is read from the environment, and unknown variables are ignored', async (t) => {
  const environment = {
    HOST: '0.0.0.0',
    PORT: '8080',
    METRICS_PORT: '9464',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp/',
    LOG_LEVEL: 'warn',
    CLIENT_ORIGIN_URL: 'https://app.example',
    DATABASE_URL: 'postgres://db.example/name',
    TRUST_PROXY: '1',
    AUTH_ALGORITHMS: 'ES256',
    AUTH_CLOCK_TOLERANCE_SECONDS: '0',
    JWKS_MAX_STALE_HOURS: '1',
    RATE_LIMIT_MAX: '100',
    REDIS_URL: 'rediss://cache.example:6380',
    SHUTDOWN_DELAY_SECONDS: '5',
    SHUTDOWN_GRACE_SECONDS: '30',
    MAX_CONNECTIONS: '500',
    BASE_URL: 'https://app.example/',
    API_SERVER_URL: 'https://api.example/',
    ...webApp,
  }
  const config = load({ ...environment, HOME: '/root' })
  t.strictSame(Object.keys(config).sort(), Object.keys(configSchema.properties).sort())
  t.strictSame(config, {
    ...environment,
    AUTH0_DOMAIN: ['https://tenant.example/'],
    AUTH0_AUDIENCE: ['https://api.example'],
    PORT: 8080,
    METRICS_PORT: 9464,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp',
    CLIENT_ORIGIN_URL: ['https://app.example'],
    TRUST_PROXY: 1,
    AUTH_ALGORITHMS: ['ES256'],
    AUTH_CLOCK_TOLERANCE_SECONDS: 0,
    JWKS_MAX_STALE_HOURS: 1,
    RATE_LIMIT_MAX: 100,
    SHUTDOWN_DELAY_SECONDS: 5,
    SHUTDOWN_GRACE_SECONDS: 30,
    MAX_CONNECTIONS: 500,
    SESSION_SECRET: [secrets.SESSION_SECRET],
    BASE_URL: 'https://app.example',
    API_SERVER_URL: 'https://api.example',
  })
})

t.test('numbers out of bounds and unknown choices are rejected', async (t) => {
  const bounds = {
    PORT: [0, 65_535],
    METRICS_PORT: [0, 65_535],
    AUTH_CLOCK_TOLERANCE_SECONDS: [0, 300],
    JWKS_MAX_STALE_HOURS: [1, 720],
    RATE_LIMIT_MAX: [0, 1_000_000],
    SHUTDOWN_DELAY_SECONDS: [0, 600],
    SHUTDOWN_GRACE_SECONDS: [1, 600],
    MAX_CONNECTIONS: [0, 1_000_000],
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
    METRICS_PORT: 'value',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'value',
    LOG_LEVEL: 'value',
    CLIENT_ORIGIN_URL: 'value',
    DATABASE_URL: 'mysql://value:value@db',
    TRUST_PROXY: 'value',
    AUTH_ALGORITHMS: 'value',
    AUTH_CLOCK_TOLERANCE_SECONDS: 'value',
    JWKS_MAX_STALE_HOURS: 'value',
    RATE_LIMIT_MAX: 'value',
    SHUTDOWN_GRACE_SECONDS: 'value',
    MAX_CONNECTIONS: 'value',
    SESSION_SECRET: 'value',
    BASE_URL: 'value',
    API_SERVER_URL: 'value',
  }
  const faults = faultsOf(t, environment)
  const wrong = Object.keys(environment).map((name) => `${name} is wrong`)
  const missing = ['AUTH0_AUDIENCE', 'AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET'].map(
    (name) => `${name} is missing`,
  )
  t.strictSame(faults.map((fault) => fault.split(':')[0]).sort(), [...wrong, ...missing].sort())
  for (const fault of faults) {
    t.match(fault, /: (expected|the web app needs) \S/)
    t.notMatch(fault, /value|undefined/)
  }
})

t.test('the metrics port must differ from the service port', async (t) => {
  t.match(load({ PORT: '9464', METRICS_PORT: '9465' }), { METRICS_PORT: 9465 })
  t.match(load({ PORT: '0', METRICS_PORT: '0' }), { PORT: 0, METRICS_PORT: 0 })
  t.strictSame(faultsOf(t, { ...required, PORT: '9464', METRICS_PORT: '9464' }), [
    'METRICS_PORT is wrong: expected another port than PORT',
  ])
})

t.test('an empty variable counts as absent', async (t) => {
  t.strictSame(load({ PORT: '', BASE_URL: ' ', SESSION_SECRET: '', CLIENT_ORIGIN_URL: '' }), load())
  t.match(faultsOf(t, { AUTH0_DOMAIN: '', AUTH0_AUDIENCE: ' ' }), [
    /^AUTH0_DOMAIN is missing: expected an Auth0 domain/,
    /^AUTH0_AUDIENCE is missing: expected an API identifier/,
  ])
})

t.test('the web app requires all of its three variables or none', async (t) => {
  const names = Object.keys(webApp) as (keyof typeof webApp)[]
  t.strictSame(load(webApp).SESSION_SECRET, [secrets.SESSION_SECRET])
  t.notOk(names.some((name) => name in load()))
  for (const name of names) {
    const others = names.filter((other) => other !== name)
    const needed = `the web app needs all of ${names.join(', ')}, or none of them`
    t.strictSame(faultsOf(t, { ...required, ...webApp, [name]: '' }), [`${name} is missing: ${needed}`])
    t.strictSame(
      faultsOf(t, { ...required, [name]: webApp[name] }),
      others.map((other) => `${other} is missing: ${needed}`),
    )
  }
})

t.test('BASE_URL defaults to localhost with the port, and API_SERVER_URL to BASE_URL', async (t) => {
  t.match(load({ PORT: '8080' }), {
    BASE_URL: 'http://localhost:8080',
    API_SERVER_URL: 'http://localhost:8080',
  })
  t.match(load({ BASE_URL: 'https://app.example/' }), {
    BASE_URL: 'https://app.example',
    API_SERVER_URL: 'https://app.example',
  })
  t.match(load({ API_SERVER_URL: 'https://api.example' }), {
    BASE_URL: 'http://localhost:3000',
    API_SERVER_URL: 'https://api.example',
  })
})

t.test('the configuration is deeply frozen', async (t) => {
  const config = load({ CLIENT_ORIGIN_URL: 'https://app.example', ...webApp })
  for (const value of [config, ...Object.values(config)]) t.ok(Object.isFrozen(value))
})

t.test('two configurations do not share state', async (t) => {
  t.strictSame(load({ AUTH0_AUDIENCE: 'other' }).AUTH0_AUDIENCE, ['other'])
  t.strictSame(load().AUTH0_AUDIENCE, ['https://api.example'])
})
