import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { migrations } from '../../src/plugins/store/migrate.ts'
import { onEachDatabase, prepare } from '../helpers/database.ts'
import { AUDIENCE, TestIssuer } from '../helpers/issuer.ts'

const SERVER = `${import.meta.dirname}/../../src/server.ts`
const required = { AUTH0_DOMAIN: 'tenant.test', AUTH0_AUDIENCE: AUDIENCE }
// part: web-app
const SECRET = 'hunter2-'.repeat(4)
const webApp = { AUTH0_CLIENT_ID: 'client', AUTH0_CLIENT_SECRET: SECRET, SESSION_SECRET: SECRET }
// end

/** Runs `node src/server.ts --check` in a folder without `.env`. */
function check(environment: Record<string, string>) {
  return new Promise<{ code: number; lines: string[]; stderr: string }>((resolve) => {
    const options = { cwd: import.meta.dirname, env: environment }
    execFile(process.execPath, [SERVER, '--check'], options, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), lines: stdout.trimEnd().split('\n'), stderr })
    })
  })
}

async function usable(t: Test) {
  const issuer = await TestIssuer.start(t)
  return { issuer, environment: { ...required, AUTH0_DOMAIN: issuer.url, DATABASE_URL: 'file::memory:' } }
}

t.test('a usable environment exits 0, and the enabled and disabled parts are listed', async (t) => {
  const { issuer, environment } = await usable(t)
  const { code, lines, stderr } = await check({
    ...environment,
    ...webApp, // part: web-app
    STATE_SECRET: 's3cret-'.repeat(5),
    BASE_URL: 'https://app.test',
    RATE_LIMT_MAX: '5',
  })
  t.strictSame(
    { code, lines, stderr },
    {
      code: 0,
      stderr: '',
      lines: [
        'ok    configuration',
        `ok    issuer ${issuer.url}: 1 keys`,
        `ok    database: opens, but lacks ${Object.keys(migrations).length} migrations`,
        'warn  RATE_LIMT_MAX is unknown and has no effect: did you mean RATE_LIMIT_MAX?',
        `on    issuers: ${issuer.url}`,
        `on    audiences: ${AUDIENCE}`,
        'on    algorithms: RS256',
        'on    dpop: allowed, proofs remembered by each replica',
        'off   clientCertificates',
        'on    database: SQLite, :memory:',
        'on    keptKeys: sealed in the database',
        'on    webApp: https://app.test, client client', // part: web-app
        'on    docs: /docs, /openapi.json',
        'off   cors',
        'off   trustedProxies',
        'off   rateLimit',
        'off   metrics',
        'off   traces',
      ],
    },
  )
})

t.test('each of ten wrong environments exits 1 with one line that names the variable', async (t) => {
  const wrong: [environment: Record<string, string>, line: RegExp][] = [
    [{ AUTH0_AUDIENCE: '' }, /^AUTH0_AUDIENCE is missing: /],
    [{ AUTH0_DOMAIN: 'https://tenant.eu.auth0.com' }, /^AUTH0_DOMAIN is wrong: .* final slash/],
    [{ AUTH0_DOMAIN: 'your-tenant.eu.auth0.com' }, /^AUTH0_DOMAIN is wrong: this is a placeholder/],
    [{ AUTH0_DOMAIN: 'http://keycloak:8080/realms/x' }, /^AUTH0_DOMAIN is wrong: plain http/],
    [{ AUTH0_AUDIENCE: '"https://api.test"' }, /^AUTH0_AUDIENCE is wrong: expected a value without quotes$/],
    [{ CLIENT_ORIGIN_URL: 'https://*.app.test' }, /^CLIENT_ORIGIN_URL is wrong: wildcards/],
    [{ BASE_URL: 'https://app.test/base' }, /^BASE_URL is wrong: expected an http\(s\) URL without a path$/],
    [{ DATABASE_URL: 'postgres://u:p@hunter2#w@h/db' }, /^DATABASE_URL is wrong: escape @ # % \/ \?/],
    [{ ...webApp, SESSION_SECRET: '' }, /^SESSION_SECRET is missing: the web app needs/], // part: web-app
    [{ REDIS_URL: 'redis://a', REDIS_URL_FILE: '/b' }, /^REDIS_URL and REDIS_URL_FILE are both set/],
  ]
  const runs = await Promise.all(
    wrong.map(async ([environment, line]) => ({
      ...(await check({ ...required, ...environment })),
      line,
    })),
  )
  for (const { code, lines, stderr, line } of runs) {
    const [title, fault = '', ...others] = stderr.split('\n')
    t.strictSame([code, lines, title, others], [1, [''], 'The configuration is not usable:', ['']])
    t.match(fault.trim(), line)
    t.notMatch(stderr, /hunter2/)
  }
})

t.test('an issuer that is down, has another name or has no usable key exits 1', async (t) => {
  const { issuer, environment } = await usable(t)
  const [down, other, empty] = [
    await TestIssuer.start(t),
    await TestIssuer.start(t),
    await TestIssuer.start(t),
  ]
  await down.stop()
  empty.keySet = { keys: [] }
  const named = other.url.slice(0, -1)
  const AUTH0_DOMAIN = [issuer.url, down.url, named, empty.url].join()
  const { code, lines } = await check({ ...environment, AUTH0_DOMAIN })
  t.equal(code, 1)
  t.match(lines.slice(1, 5), [
    `ok    issuer ${issuer.url}: 1 keys`,
    `FAIL  issuer ${down.url}: fetch failed: connect ECONNREFUSED`,
    `FAIL  issuer ${named}: the discovery document names "${other.url}", not "${named}"`,
    new RegExp(`^FAIL {2}issuer ${empty.url}: .*key`),
  ])
})

onEachDatabase(t, 'a database that is up to date exits 0', async (t, DATABASE_URL) => {
  await prepare(DATABASE_URL)
  const { environment } = await usable(t)
  const { code, lines } = await check({ ...environment, DATABASE_URL })
  t.equal(code, 0)
  t.equal(lines[2], 'ok    database: opens and is up to date')
})

t.test('a SQLite file that does not exist is not created', async (t) => {
  const { environment } = await usable(t)
  const folder = t.testdir()
  const { code, lines } = await check({ ...environment, DATABASE_URL: `file:${folder}/a/b.db` })
  t.equal(code, 0)
  t.equal(lines[2], 'ok    database: does not exist yet and is created at the start')
  t.notOk(existsSync(`${folder}/a`))
})

t.test('a SQLite file that another process has locked exits 1', async (t) => {
  const { environment } = await usable(t)
  const path = `${t.testdir()}/test.db`
  await prepare(`file:${path}`)
  const other = new DatabaseSync(path)
  t.teardown(() => other.close())
  other.exec('begin immediate')
  const { code, lines } = await check({ ...environment, DATABASE_URL: `file:${path}` })
  t.equal(code, 1)
  t.equal(lines[2], 'FAIL  database: database is locked, ERR_SQLITE_ERROR')
})

t.test('a database that cannot be used exits 1 with one line', async (t) => {
  const { environment } = await usable(t)
  const file = `${t.testdir({ file: 'text '.repeat(1_000) })}/file`
  for (const [DATABASE_URL, line] of [
    [
      'postgres://user:hunter2@127.0.0.1:1/none',
      /^FAIL {2}database: connect ECONNREFUSED 127\.0\.0\.1:1, ECONNREFUSED$/,
    ],
    [`file:${file}`, /^FAIL {2}database: file is not a database, ERR_SQLITE_ERROR$/],
    [`file:${file}/a/b.db`, /^FAIL {2}database: .*, E[A-Z]+$/],
  ] as const) {
    const { code, lines } = await check({ ...environment, DATABASE_URL })
    t.equal(code, 1)
    t.match(lines[2], line)
    t.notMatch(lines.join(), /hunter2/)
  }
})
