import t from 'tap'
import { bearer, listen } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

const messages = {
  '/api/public': "Hello from a public endpoint! You don't need to be authenticated to see this.",
  '/api/private': 'Hello from a private endpoint! You need to be authenticated to see this.',
  '/api/private-scoped':
    'Hello from a private endpoint! You need to be authenticated and have a scope of read:messages to see this.',
}

/** The acceptance list of Auth0's quickstart APIs, over real HTTP. */
t.test('greetings', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { url } = await listen(t, issuer)
  const get = (path: string, authorization?: string) =>
    fetch(`${url}${path}`, authorization === undefined ? {} : { headers: { authorization } })

  const valid = await issuer.sign({ scope: 'read:messages' })
  const rejected: Record<string, string | undefined> = {
    'no header': undefined,
    'a scheme and no token': 'Bearer ',
    'a blank header': '',
    'an invalid token': 'Bearer invalidToken',
    'two tokens': 'Bearer invalidToken abc',
    'a valid token with text appended': `Bearer ${valid}abc`,
    'a valid token and a second word': `Bearer ${valid} abc`,
  }
  for (const path of ['/api/private', '/api/private-scoped']) {
    for (const [circumstance, authorization] of Object.entries(rejected)) {
      t.test(`${path} with ${circumstance} is 401`, async (t) => {
        const response = await get(path, authorization)
        t.equal(response.status, 401)
        t.match(response.headers.get('www-authenticate'), /^Bearer realm="api"/)
        t.equal(response.headers.get('cache-control'), 'no-store')
      })
    }
  }

  const granted: [scope: string | undefined, scopedStatus: number][] = [
    [undefined, 403],
    ['', 403],
    ['write:messages', 403],
    ['read:messages', 200],
    ['read:messages write:messages', 200],
    ['openid write:messages read:messages', 200],
  ]
  for (const [scope, scopedStatus] of granted) {
    t.test(
      `a token with the scope "${scope}" is accepted; the route that requires read:messages answers ${scopedStatus}`,
      async (t) => {
        const authorization = `Bearer ${await issuer.sign({ scope })}`
        const plain = await get('/api/private', authorization)
        t.equal(plain.status, 200)
        t.same(await plain.json(), { message: messages['/api/private'] })
        const scoped = await get('/api/private-scoped', authorization)
        t.equal(scoped.status, scopedStatus)
        if (scopedStatus === 200) t.same(await scoped.json(), { message: messages['/api/private-scoped'] })
      },
    )
  }

  t.test('the public greeting needs no token and ignores an invalid one', async (t) => {
    for (const authorization of [undefined, 'Bearer invalidToken', `Bearer ${valid}`]) {
      const response = await get('/api/public', authorization)
      t.equal(response.status, 200)
      t.same(await response.json(), { message: messages['/api/public'] })
      t.equal(response.headers.get('cache-control'), null)
    }
  })

  t.test('a trailing slash changes nothing, and HEAD works like GET', async (t) => {
    for (const path of Object.keys(messages)) {
      t.equal((await fetch(`${url}${path}/`, { headers: bearer(valid) })).status, 200)
      t.equal((await fetch(`${url}${path}`, { method: 'HEAD', headers: bearer(valid) })).status, 200)
    }
    t.equal((await fetch(`${url}/api/private`, { method: 'HEAD' })).status, 401)
  })
})
