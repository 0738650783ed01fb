import t from 'tap'
import { secretNames, variableNames } from '../../src/config/index.ts'
import { findWarnings, type ProcessState } from '../../src/config/warnings.ts'

const find = (environment: NodeJS.ProcessEnv, state: Partial<ProcessState> = {}) =>
  findWarnings({ environment, fromDotEnv: new Set(), execArgv: [], ...state }, variableNames, secretNames)

t.test('an unknown variable that resembles a known one is reported with that one', async (t) => {
  for (const [name, known] of Object.entries({
    RATE_LIMT_MAX: 'RATE_LIMIT_MAX',
    RATE_LIMIT_AMX: 'RATE_LIMIT_MAX',
    AUTH_DOMAIN: 'AUTH0_DOMAIN',
    DATABASE_URI: 'DATABASE_URL',
    REDIS_URLS: 'REDIS_URL',
    REDS_URL_FILE: 'REDIS_URL_FILE',
    PORTS: 'PORT',
    base_url: 'BASE_URL',
  })) {
    t.strictSame(find({ [name]: '1' }), [`${name} is unknown and has no effect: did you mean ${known}?`])
  }
})

t.test('known variables and those of other programs are not reported', async (t) => {
  const known = [...variableNames, ...secretNames.map((name) => `${name}_FILE`)]
  const others = [
    'HOME',
    'PATH',
    'HOSTNAME',
    'TENANT_PORT',
    'POSTGRES_PASSWORD',
    'PGHOST',
    'REDIS_PORT',
    'USER',
  ]
  const names = [...known, ...others, 'OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_SERVICE_NAME', 'NODE_ENV']
  t.strictSame(find(Object.fromEntries(names.map((name) => [name, 'value']))), [])
})

t.test('a variable of Node.js in .env is reported, since it has no effect there', async (t) => {
  const names = ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'HTTPS_PROXY', 'no_proxy']
  const state = { fromDotEnv: new Set([...names, 'NODE_ENV', 'PORT', 'MY_HTTPS_PROXY']) }
  t.strictSame(
    find({}, state),
    names.map((name) => `${name} has no effect in .env: Node.js reads it from the environment`),
  )
})

t.test('a proxy that is not used is reported', async (t) => {
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) {
    const environment = { [name]: 'http://user:hunter2@proxy.test:3128' }
    t.strictSame(find(environment), [
      `${name} has no effect on requests to issuers without NODE_USE_ENV_PROXY=1`,
    ])
    t.strictSame(find({ ...environment, NODE_USE_ENV_PROXY: '1' }), [])
    t.strictSame(find(environment, { execArgv: ['--use-env-proxy'] }), [])
    t.strictSame(find({ ...environment, NODE_OPTIONS: '--use-system-ca --use-env-proxy' }), [])
  }
})
