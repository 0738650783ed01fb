import buildGetJwks from 'get-jwks'
import t, { type Test } from 'tap'
import { TestIssuer } from '../helpers/issuer.ts'

/** Shows why get-jwks needs limits around it (docs/decisions/0007). If a test fails, a limit may be unnecessary. */
async function start(t: Test, options: Parameters<typeof buildGetJwks>[0] = {}) {
  const issuer = await TestIssuer.start(t)
  const jwks = buildGetJwks({ jwksPath: '/jwks.json', ...options })
  return { issuer, find: (kid: string) => jwks.getJwk({ domain: issuer.url, alg: 'RS256', kid }) }
}

t.test('get-jwks alone makes a request for each unknown kid', async (t) => {
  const { issuer, find } = await start(t)
  for (let i = 0; i < 20; i++) await t.rejects(find(`invented-${i}`))
  t.equal(issuer.keySetRequests, 20)
})

t.test('get-jwks keeps returning a withdrawn key', async (t) => {
  const ttl = 60_000
  const { issuer, find } = await start(t, { ttl })
  const realNow = performance.now.bind(performance)
  t.teardown(() => {
    performance.now = realNow
  })
  await find('key-1')
  issuer.removeKey('key-1')
  await issuer.addKey('key-2')
  for (let lifetimes = 1; lifetimes <= 10; lifetimes += 0.5) {
    performance.now = () => realNow() + lifetimes * ttl
    await new Promise((resolve) => setTimeout(resolve, 5)) // its cache reads the clock at most once a millisecond
    t.match(await find('key-1'), { kid: 'key-1' }, `after ${lifetimes} lifetimes`)
  }
})

t.test('get-jwks follows redirects to any host', async (t) => {
  const { issuer, find } = await start(t)
  const elsewhere = await TestIssuer.start(t)
  await elsewhere.addKey('planted')
  issuer.misbehaviour = (_request, response) =>
    response.writeHead(302, { location: `${elsewhere.url}jwks.json` }).end()
  t.match(await find('planted'), { kid: 'planted' })
})

t.test('get-jwks reads responses of any length', async (t) => {
  const { issuer, find } = await start(t)
  issuer.keySet = { keys: issuer.keys.map(({ jwk }) => jwk), padding: ' '.repeat(2 * 1_048_576) }
  t.match(await find('key-1'), { kid: 'key-1' })
})
