import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/index.ts'

/** Writes the file, and returns the environment that names it. */
function write(t: Test, content: unknown) {
  const file = join(t.testdir({ 'keys.json': '{}' }), 'issuers.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return { ISSUERS_FILE: file }
}

function faultsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(environment)
    return []
  } catch (error) {
    return (error as { faults: string[] }).faults
  }
}

const faults = (t: Test, entries: unknown, more: NodeJS.ProcessEnv = {}) =>
  faultsOf({ ...write(t, entries), ...more }).map((fault) =>
    fault.replace(/^ISSUERS_FILE is wrong( at)?:? /, ''),
  )

const good = { issuer: 'https://one.test/', audiences: ['api'] }
// part: web-app
const webApp = {
  AUTH0_CLIENT_ID: 'client',
  AUTH0_CLIENT_SECRET: 'secret',
  SESSION_SECRET: 'session-secret '.repeat(3).trim(),
}
// end

t.test('a file of issuers replaces the two variables', async (t) => {
  const entries = [
    good,
    {
      issuer: 'https://login.test/{tid}/v2.0',
      tenants: ['a', 'b'],
      profile: 'entra',
      audiences: ['app-id'],
      claims: { roles: ['/roles', '/https:~1~1x.test~1roles'] },
      require: { '/azp': ['one', 'two*'] },
      grants: ['read:a'],
      give: ['read:b'],
      algorithms: ['ES256', 'Ed25519'],
      jwksUri: 'https://login.test/keys',
      subjectOptional: true,
      login: true,
    },
    { issuer: 'https://cognito.test/pool', profile: 'cognito', clients: ['app1'] },
    { issuer: 'http://keycloak:8080/realms/x', audiences: ['api'], insecureHttp: true },
  ]
  const config = loadConfig(write(t, entries))
  t.strictSame(config.ISSUERS, entries)
  t.equal(config.LOGIN_ISSUER, 'https://login.test/a/v2.0', 'the first tenant')
  t.equal(config.LOGIN_AUDIENCE, 'app-id')
})

t.test('users log in at the first issuer unless another is marked', async (t) => {
  const config = loadConfig(write(t, [good, { ...good, issuer: 'https://two.test/' }]))
  t.equal(config.LOGIN_ISSUER, 'https://one.test/')
  const open = { issuer: 'https://login.test/{tid}/v2.0', tenants: ['*'], audiences: ['api'] }
  t.equal(loadConfig(write(t, [open])).LOGIN_ISSUER, open.issuer, 'the template')
  // part: web-app
  t.strictSame(faults(t, [open], webApp), ['the web app needs an issuer with "login": true'])
  t.strictSame(faults(t, [open, { ...good, login: true }], webApp), [])
  // end
})

t.test('the path of a key set is relative to the file', async (t) => {
  const environment = write(t, [{ ...good, jwksFile: 'keys.json' }])
  const [entry] = loadConfig(environment).ISSUERS
  t.equal(entry?.jwksFile, join(environment.ISSUERS_FILE, '../keys.json'))
})

t.test('every fault of the file is listed with its place', async (t) => {
  t.strictSame(
    faults(t, [
      { issuer: 'nonsense', audiences: [], extra: 1, profile: 'other', require: { repository: ['x'] } },
      { audiences: ['api'], claims: { roles: ['roles'], color: ['/a'] }, algorithms: ['HS256'] },
      { ...good, require: { '/a': ['*x'], '/b': 'x' } },
      7,
    ]),
    [
      '/0/extra: unknown member',
      '/0/issuer: expected an http(s) URL without query',
      '/0/profile: must be equal to one of the allowed values: auth0, entra, okta, keycloak, cognito, zitadel, workload, rfc9068',
      '/0/audiences: must NOT have fewer than 1 items',
      '/0/require/repository: expected a JSON pointer like /repository',
      '/1/issuer: missing',
      '/1/claims/color: unknown member',
      '/1/claims/roles/0: expected a JSON pointer like /roles',
      '/1/algorithms/0: must be equal to one of the allowed values: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519',
      '/2/require/~1a/0: expected text, with * for any text at its end only',
      '/2/require/~1b: must be array',
      '/3: must be object',
    ],
  )
  t.strictSame(faults(t, []), ['its root: must NOT have fewer than 1 items'])
  t.strictSame(faults(t, {}), ['its root: must be array'])
})

t.test('entries that cannot work or would let anyone in are listed', async (t) => {
  t.strictSame(
    faults(t, [
      { issuer: 'https://one.test/{tid}/', audiences: ['api'] },
      { ...good, tenants: ['a'] },
      { ...good, issuer: 'https://{tid}.test/', tenants: ['*', 'a'], login: true },
      { issuer: 'https://two.test/' },
      { ...good, profile: 'workload', login: true },
      { ...good, issuer: 'https://three.test/', profile: 'workload', require: {} },
      { ...good, issuer: 'http://keycloak/', jwksUri: 'http://keycloak/keys', backchannelUrl: 'https://k/' },
      { ...good, issuer: 'https://four.test/', jwksFile: 'absent.json' },
    ]).map((fault) => fault.replace(/: \/.*absent/, ': absent')),
    [
      '/0/tenants: missing: {tid} stands for one of them',
      '/1/issuer: expected {tid} in the place of the tenant',
      '/2/tenants: "*" stands alone',
      '/3/audiences: missing',
      '/4/require: missing: anyone at this issuer could call',
      '/5/require: missing: anyone at this issuer could call',
      '/6/issuer: plain http is for the loopback only, unless insecureHttp is true',
      '/6/jwksUri: plain http is for the loopback only, unless insecureHttp is true',
      '/7/jwksFile: absent.json cannot be read',
      '/4/issuer: already listed',
      '/4/login: users log in at one issuer',
      '/2/login: users cannot log in at all tenants',
    ],
  )
})

t.test('a file that is missing or not JSON is named', async (t) => {
  t.match(faultsOf({ ISSUERS_FILE: '/nonexistent/issuers.json' }), [
    /^ISSUERS_FILE is wrong: .*\/nonexistent/,
  ])
  t.match(faultsOf(write(t, '{')), [/^ISSUERS_FILE is wrong: .*JSON/])
})

t.test('the file and the variables exclude each other', async (t) => {
  t.strictSame(faultsOf({ ...write(t, [good]), AUTH0_DOMAIN: 'tenant.test', AUTH0_AUDIENCE: 'api' }), [
    'AUTH0_DOMAIN and ISSUERS_FILE are both set: expected one of them',
    'AUTH0_AUDIENCE and ISSUERS_FILE are both set: expected one of them',
  ])
})

t.test('the variables are required without a file', async (t) => {
  t.match(faultsOf({}), [/^AUTH0_DOMAIN is missing/, /^AUTH0_AUDIENCE is missing/])
})
