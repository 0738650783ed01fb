import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig, secretNames } from '../../src/config/index.ts'
import { faultsOf as allFaultsOf } from '../helpers/config.ts'

const required = { AUTH0_DOMAIN: 'tenant.test', AUTH0_AUDIENCE: 'https://api.test' }
const SECRET = 's3cret-'.repeat(5)
const load = (environment: NodeJS.ProcessEnv) => loadConfig({ ...required, ...environment })

const faultsOf = (environment: NodeJS.ProcessEnv) => allFaultsOf({ ...required, ...environment })

/** Writes the text to a file and returns its path. */
function write(t: Test, text: string | Buffer): string {
  return join(t.testdir({ secret: text }), 'secret')
}

t.test('every secret, including the URL of the database, can be in a file', async (t) => {
  const names = ['DATABASE_URL', 'DPOP_NONCE_SECRET', 'REDIS_URL', 'STATE_SECRET']
  t.strictSame(secretNames.slice(0, names.length), names)
  const folder = t.testdir({
    database: 'postgres://user:pa55@db.test/name\n',
    nonce: SECRET,
    redis: 'redis://:pa55@cache.test\r\n',
    state: SECRET,
  })
  const config = load({
    DATABASE_URL_FILE: join(folder, 'database'),
    DPOP_NONCE_SECRET_FILE: join(folder, 'nonce'),
    REDIS_URL_FILE: ` ${join(folder, 'redis')} `,
    STATE_SECRET_FILE: join(folder, 'state'),
  })
  t.match(config, {
    DATABASE_URL: 'postgres://user:pa55@db.test/name',
    REDIS_URL: 'redis://:pa55@cache.test',
    DPOP_NONCE_SECRET: [SECRET],
    STATE_SECRET: [SECRET],
  })
})

t.test('a relative path starts with a dot', async (t) => {
  t.equal(load({ REDIS_URL_FILE: './test/fixtures/redis-url' }).REDIS_URL, 'redis://cache.test:6379')
})

t.test('only one final newline and a byte order mark are removed', async (t) => {
  const name = (text: string) => load({ DATABASE_URL_FILE: write(t, text) }).DATABASE_URL
  t.equal(name('\ufefffile:a b\n'), 'file:a b')
  t.equal(name('file:a b \n\n'), 'file:a b \n')
})

t.test('a variable that is set beside its file is an error', async (t) => {
  t.strictSame(faultsOf({ DATABASE_URL: 'file:a.db', DATABASE_URL_FILE: write(t, 'file:b.db') }), [
    'DATABASE_URL and DATABASE_URL_FILE are both set: expected one of them',
  ])
})

t.test('an empty variable beside its file counts as absent', async (t) => {
  t.match(load({ DATABASE_URL: '', DATABASE_URL_FILE: write(t, 'file:b.db') }), { DATABASE_URL: 'file:b.db' })
})

t.test('a file that cannot be used is named', async (t) => {
  const folder = t.testdir({ empty: '\n', utf16: Buffer.from('\ufeffredis://cache.test', 'utf16le') })
  const missing = join(folder, 'missing')
  t.match(faultsOf({ REDIS_URL_FILE: missing }), [/^REDIS_URL_FILE is wrong: ENOENT: .*missing'$/])
  t.match(faultsOf({ REDIS_URL_FILE: folder }), [/^REDIS_URL_FILE is wrong: EISDIR: /])
  t.match(faultsOf({ REDIS_URL_FILE: join(folder, 'utf16') }), [/^REDIS_URL_FILE is wrong: .* utf-8/])
  const empty = join(folder, 'empty')
  t.strictSame(faultsOf({ REDIS_URL_FILE: empty }), [`REDIS_URL_FILE is wrong: ${empty} is empty`])
})

t.test('a secret that was written in place of the path is not in the message', async (t) => {
  t.strictSame(faultsOf({ REDIS_URL_FILE: 'hunter2', DATABASE_URL_FILE: 'postgres://u:pa55@db.test/n' }), [
    'DATABASE_URL_FILE is wrong: expected a path like /run/secrets/name',
    'REDIS_URL_FILE is wrong: expected a path like /run/secrets/name',
  ])
})

t.test('a wrong value in a file is reported under the name of its variable, without the value', async (t) => {
  t.match(faultsOf({ DATABASE_URL_FILE: write(t, 'mysql://user:pa55@db.test/name') }), [
    /^DATABASE_URL is wrong: expected (?!.*pa55)/,
  ])
})
