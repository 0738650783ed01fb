import t from 'tap'
import { bearer, METADATA } from '../helpers/app.ts'
import { startService } from '../helpers/service.ts'

const { issuer, app, get, isAccepted, isRejected } = await startService(
  t,
  { DPOP: 'disabled' }, // otherwise its challenge stands beside that of this scheme (RFC 9449, section 7.1)
  {
    extend: (instance) => {
      instance.post('/things', { preHandler: instance.authenticate }, async () => ({}))
    },
  },
)
const good = await issuer.sign({ scope: 'read:messages' })
const request = (headers: Record<string, string>, path = '/api/private') =>
  fetch(`${app.url}${path}`, { headers })
const challengeOf = (response: Response) => String(response.headers.get('www-authenticate'))

t.test(
  'RFC 6750, 2.1: the token is in the Authorization header, and the scheme is case-insensitive',
  async (t) => {
    const statuses = (headers: string[]) =>
      Promise.all(headers.map(async (authorization) => (await request({ authorization })).status))
    const bearers = ['Bearer', 'bearer', 'BEARER'].map((scheme) => `${scheme} ${good}`)
    t.strictSame(await statuses(bearers), [200, 200, 200])
    const others = [good, `Token ${good}`, `Bearer:${good}`, `Bearer${good}`, `Bearer="${good}"`]
    t.strictSame(await statuses(others), [401, 401, 401, 401, 401])
  },
)

t.test('RFC 6750, 2.1: one or more spaces separate scheme and token', async (t) => {
  const status = async (authorization: string) => (await request({ authorization })).status
  for (const spaces of [' ', '  ', ' '.repeat(100)]) t.equal(await status(`Bearer${spaces}${good}`), 200)
  for (const others of ['\t', ' \t', '\t '])
    t.equal(await status(`Bearer${others}${good}`), 401, JSON.stringify(others))
  await isRejected(t, [`${good}  x`, `  ${good} ${good}`])
})

t.test('RFC 6750, 2.1: exactly one token follows the scheme', async (t) => {
  await isRejected(t, [`${good} ${good}`, `${good} x`, `${good}, ${good}`, `${good},Basic YTpi`])
  await isAccepted(t, good)
})

t.test('RFC 6750, 2.2: a token in a form is not accepted', async (t) => {
  const post = (headers: Record<string, string>, body: string) =>
    fetch(`${app.url}/things`, { method: 'POST', headers, body })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  t.equal((await post(form, `access_token=${good}`)).status, 401)
  const json = { 'content-type': 'application/json' }
  t.equal((await post(json, JSON.stringify({ access_token: good }))).status, 401)
  t.equal((await post({ ...json, ...bearer(good) }, '{}')).status, 200)
})

t.test('RFC 6750, 2.3: a token in the query string is not accepted', async (t) => {
  t.equal((await request({}, `/api/private?access_token=${good}`)).status, 401)
})

t.test(
  'RFC 6750, 3.1: a token in the header and another in the query string is 400 invalid_request',
  async (t) => {
    const response = await get(good, '/api/private?access_token=x')
    t.equal(response.status, 400)
    t.match(challengeOf(response), /error="invalid_request"/)
  },
)

t.test('RFC 6750, 3: every rejection has one challenge of the scheme Bearer', async (t) => {
  const rejections = {
    'no token': await request({}),
    'a bad token': await get('x'),
    'an expired token': await get(await issuer.sign({ exp: 1 })),
    'no scope': await get(await issuer.sign(), '/api/private-scoped'),
    'no permission': await get(good, '/api/messages/admin'),
  }
  for (const [name, response] of Object.entries(rejections)) {
    const challenge = challengeOf(response)
    t.ok(response.status === 401 || response.status === 403, name)
    t.match(challenge, /^Bearer realm="api"/, name)
    // error_description and scope contain ASCII without quotes and backslashes only
    t.match(
      challenge,
      /^Bearer [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]+"(, [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]+")*$/,
    )
    const attributes = [...challenge.matchAll(/([a-z_]+)="/g)].map(([, attribute]) => attribute)
    t.equal(new Set(attributes).size, attributes.length, 'each attribute once')
  }
  t.equal((await get(good)).headers.get('www-authenticate'), null)
})

t.test(
  'RFC 6750, 3.1: a token that is expired, malformed or otherwise invalid is 401 invalid_token',
  async (t) => {
    const revoked = await issuer.sign({}, {}, { ...issuer.newestKey, kid: 'withdrawn' })
    await isRejected(t, ['x', 'a.b.c', `${good}x`, revoked, await issuer.sign({ exp: 1 })])
    await isAccepted(t, good)
  },
)

t.test(
  'RFC 6750, 3.1: a token without the scope is 403 insufficient_scope with the required scope',
  async (t) => {
    const response = await get(await issuer.sign({ scope: 'read:other' }), '/api/private-scoped')
    t.equal(response.status, 403)
    t.match(
      challengeOf(response),
      / error="insufficient_scope".* scope="read:messages", resource_metadata="[^"]+"$/,
    )
    t.equal((await get(good, '/api/private-scoped')).status, 200)
  },
)

t.test('RFC 6750, 3.1: a request without a token, or with another scheme, gets no error code', async (t) => {
  for (const headers of [
    {},
    { authorization: 'Basic YTpi' },
    { authorization: '' },
    { cookie: `token=${good}` },
  ]) {
    const response = await request(headers as Record<string, string>)
    t.equal(response.status, 401)
    t.equal(challengeOf(response), `Bearer realm="api", ${METADATA}`)
  }
})
