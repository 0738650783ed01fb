import t from 'tap'
import { startService } from '../helpers/service.ts'

const { issuer, get } = await startService(
  t,
  {},
  {
    extend: (app) => {
      const levels = {
        '/class': app.requiresAuthentication({ acr: ['urn:a', 'urn:b'] }),
        '/age': app.requiresAuthentication({ maxAgeSeconds: 300 }),
        '/scope': [app.requiresAuthentication({ acr: ['urn:a'] }), app.requiresScope('read:it')],
        '/both': app.requiresAuthentication({ acr: ['urn:a'], maxAgeSeconds: 0 }),
      }
      for (const [url, preHandler] of Object.entries(levels)) app.get(url, { preHandler }, async () => ({}))
    },
  },
)
const now = () => Math.floor(Date.now() / 1000)
const call = async (path: string, claims: object) => {
  const { status, headers } = await get(await issuer.sign(claims), path)
  const challenge = headers.get('www-authenticate') ?? ''
  const parameters = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  )
  return { status, scheme: challenge.split(' ')[0], parameters }
}

t.test(
  'RFC 9470, 3: a token of a weaker or older login is 401 insufficient_user_authentication',
  async (t) => {
    for (const [path, claims] of [
      ['/class', { acr: 'urn:c' }],
      ['/age', { auth_time: now() - 3600 }],
    ] as const) {
      const { status, scheme, parameters } = await call(path, claims)
      t.equal(status, 401, path)
      t.equal(scheme, 'Bearer')
      t.match(parameters, {
        realm: 'api',
        error: 'insufficient_user_authentication',
        error_description: 'A stronger or more recent log-in is required',
      })
    }
    t.equal((await call('/class', { acr: 'urn:b' })).status, 200)
    t.equal((await call('/age', { auth_time: now() })).status, 200)
  },
)

t.test('RFC 9470, 3: acr_values lists the accepted classes in order of preference', async (t) => {
  const { parameters } = await call('/class', {})
  t.equal(parameters.acr_values, 'urn:a urn:b')
  t.notOk('max_age' in parameters)
})

t.test('RFC 9470, 3: max_age is the allowed age of the login in seconds', async (t) => {
  const { parameters } = await call('/age', {})
  t.equal(parameters.max_age, '300')
  t.notOk('acr_values' in parameters)
})

t.test('RFC 9470, 3: both parameters may stand in one challenge', async (t) => {
  t.match((await call('/both', {})).parameters, { acr_values: 'urn:a', max_age: '0' })
  t.equal((await call('/both', { acr: 'urn:a', auth_time: now() })).status, 200)
})

t.test('RFC 9470, 3: scope in the same challenge lists what the route requires', async (t) => {
  t.match((await call('/scope', {})).parameters, { acr_values: 'urn:a', scope: 'read:it' })
  t.equal((await call('/scope', { acr: 'urn:a', scope: 'read:it' })).status, 200)
})

t.test('RFC 9470, 6.1: acr and auth_time of the access token describe the login', async (t) => {
  t.equal((await call('/class', { acr: 'urn:a' })).status, 200)
  for (const acr of [undefined, null, ['urn:a'], 'URN:A', 'urn:a urn:b'])
    t.equal((await call('/class', { acr })).status, 401, JSON.stringify(acr))
  t.equal((await call('/age', { auth_time: now() - 300 })).status, 200)
  for (const auth_time of [undefined, null, String(now()), now() * 1000])
    t.equal((await call('/age', { auth_time })).status, 401, JSON.stringify(auth_time))
})
