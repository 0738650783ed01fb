import t from 'tap'
import { loadConfig } from '../../src/config/index.ts'
import { faultsOf } from '../helpers/config.ts'

const required = { AUTH0_DOMAIN: 'tenant.example', AUTH0_AUDIENCE: 'https://api.example' }
const secrets = { AUTH0_CLIENT_SECRET: 'client-secret', SESSION_SECRET: 'session-secret '.repeat(3).trim() }
const webApp = { AUTH0_CLIENT_ID: 'client', ...secrets }

const load = (environment: NodeJS.ProcessEnv = {}) => loadConfig({ ...required, ...environment })

t.test('the web app requires all of its three variables or none', async (t) => {
  const names = Object.keys(webApp) as (keyof typeof webApp)[]
  t.strictSame(load(webApp).SESSION_SECRET, [secrets.SESSION_SECRET])
  t.notOk(names.some((name) => name in load()))
  for (const name of names) {
    const others = names.filter((other) => other !== name)
    const needed = `the web app needs all of ${names.join(', ')}, or none of them`
    t.strictSame(faultsOf({ ...required, ...webApp, [name]: '' }), [`${name} is missing: ${needed}`])
    t.strictSame(
      faultsOf({ ...required, [name]: webApp[name] }),
      others.map((other) => `${other} is missing: ${needed}`),
    )
  }
})

t.test('the session secret is the default of other secrets', async (t) => {
  const session = [secrets.SESSION_SECRET]
  t.match(load(webApp), { DPOP_NONCE_SECRET: session, STATE_SECRET: session })
  const own = { DPOP_NONCE_SECRET: 'n'.repeat(32), STATE_SECRET: 's'.repeat(32) }
  t.match(load({ ...webApp, ...own }), {
    DPOP_NONCE_SECRET: [own.DPOP_NONCE_SECRET],
    STATE_SECRET: [own.STATE_SECRET],
  })
  const always = { ...required, DPOP_NONCE: 'always' }
  t.strictSame(faultsOf({ ...always, ...webApp }), [])
  t.strictSame(faultsOf(always), [
    'DPOP_NONCE_SECRET is missing: DPOP_NONCE=always needs DPOP_NONCE_SECRET or SESSION_SECRET',
  ])
})

t.test('placeholders and quotes are rejected', async (t) => {
  for (const [name, text, reason] of [
    ['AUTH0_CLIENT_SECRET', 'YOUR_CLIENT_SECRET', 'this is a placeholder, expected a value of your own'],
    ['AUTH0_CLIENT_SECRET', 'your client secret', 'this is a placeholder, expected a value of your own'],
    ['AUTH0_CLIENT_SECRET', '"hunter2"', 'expected a value without quotes'],
    ['SESSION_SECRET', 'change-me-'.repeat(4), 'this is a placeholder, expected a value of your own'],
    ['SESSION_SECRET', 'your-secret-'.repeat(4), 'this is a placeholder, expected a value of your own'],
  ] as const)
    t.strictSame(faultsOf({ ...required, ...webApp, [name]: text }), [`${name} is wrong: ${reason}`])
})

t.test('wrong values are faults, without the value', async (t) => {
  const faults = faultsOf({ ...required, SESSION_SECRET: 'value', API_SERVER_URL: 'value' })
  t.match(faults, [
    /^SESSION_SECRET is wrong: expected (?!.*value)/,
    /^API_SERVER_URL is wrong: expected (?!.*value)/,
    /^AUTH0_CLIENT_ID is missing: the web app needs /,
    /^AUTH0_CLIENT_SECRET is missing: /,
  ])
  t.equal(faults.length, 4)
})

t.test('secrets can be in files, of which one final newline is removed', async (t) => {
  const folder = t.testdir({ client: '\ufeffa b\n', session: secrets.SESSION_SECRET })
  const session = { SESSION_SECRET_FILE: ` ${folder}/session ` }
  const files = { AUTH0_CLIENT_ID: 'client', AUTH0_CLIENT_SECRET_FILE: `${folder}/client`, ...session }
  t.match(load(files), { AUTH0_CLIENT_SECRET: 'a b', SESSION_SECRET: [secrets.SESSION_SECRET] })
  const faults = faultsOf({ ...required, ...files, AUTH0_CLIENT_SECRET_FILE: '/nonexistent' })
  t.match(faults, [/^AUTH0_CLIENT_SECRET_FILE is wrong: ENOENT/])
  t.equal(faults.length, 1, 'and it does not count as missing')
})

t.test('a secret that was written in place of the path is not in the message', async (t) => {
  t.match(faultsOf({ ...required, SESSION_SECRET_FILE: secrets.SESSION_SECRET }), [
    /^SESSION_SECRET_FILE is wrong: expected a path like \/run\/secrets\/name$/,
    /^AUTH0_CLIENT_ID is missing: /,
    /^AUTH0_CLIENT_SECRET is missing: /,
  ])
})
