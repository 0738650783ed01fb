import t from 'tap'
import { AUDIENCE, TestIssuer } from '../helpers/issuer.ts'
import { rawToken } from '../helpers/raw-token.ts'
import { startService } from '../helpers/service.ts'

const { issuer, get, isAccepted, isRejected } = await startService(t)
const now = () => Math.floor(Date.now() / 1000)
/** Makes a token with all claims of the profile. */
const profiled = (changes: object = {}, header: object = {}) =>
  issuer.signRaw(
    issuer.header({ typ: 'at+jwt', ...header }),
    issuer.claims({ azp: undefined, client_id: 'client', jti: 'j', auth_time: now(), acr: 'a', ...changes }),
  )

t.test('RFC 9068, 2.1: a token of the profile is accepted, with RS256 by default', async (t) => {
  await isAccepted(t, profiled())
  t.match(await (await get(profiled(), '/api/me')).json(), { clientId: 'client' })
})

t.test('RFC 9068, 2.1: typ is at+jwt, with or without application/', async (t) => {
  await isAccepted(
    t,
    ['at+jwt', 'application/at+jwt', 'AT+JWT'].map((typ) => profiled({}, { typ })),
  )
})

t.test('RFC 9068, 2.1: a token without a signature is rejected', async (t) => {
  await isRejected(
    t,
    rawToken({ alg: 'none', typ: 'at+jwt' }, issuer.claims(), () => Buffer.alloc(0)),
  )
})

t.test('RFC 9068, 2.2: iss, exp, aud and sub are required', async (t) => {
  await isRejected(
    t,
    ['iss', 'exp', 'aud', 'sub'].map((name) => profiled({ [name]: undefined })),
  )
  await isAccepted(t, profiled())
})

t.test('RFC 9068, 2.2.3: scope lists the granted scopes, separated by spaces', async (t) => {
  const status = async (scope: unknown) => (await get(profiled({ scope }), '/api/private-scoped')).status
  const statuses = (scopes: unknown[]) => Promise.all(scopes.map(status))
  const sufficient = [
    'read:messages',
    'other read:messages',
    'read:messages write:messages',
    ['read:messages'],
  ]
  t.strictSame(await statuses(sufficient), [200, 200, 200, 200], 'some issuers write a list')
  const insufficient = ['', 'read', 'READ:MESSAGES', 'read:messages,write:messages', ['read'], 7]
  t.strictSame(await statuses([undefined, ...insufficient]), Array(7).fill(403))
})

t.test('RFC 9068, 4: a token of another type is rejected', async (t) => {
  await isRejected(
    t,
    ['logout+jwt', 'dpop+jwt', 'at', '', 7].map((typ) => profiled({}, { typ })),
  )
})

t.test('RFC 9068, 4: an encrypted token is rejected', async (t) => {
  await isRejected(t, [...profiled().split('.'), 'AAAA', 'AAAA'].join('.'))
})

t.test('RFC 9068, 4: iss is exactly the configured issuer', async (t) => {
  await isRejected(
    t,
    [issuer.url.slice(0, -1), issuer.url.toUpperCase(), 'https://other.test/'].map((iss) =>
      profiled({ iss }),
    ),
  )
})

t.test('RFC 9068, 4: aud contains a configured audience', async (t) => {
  await isRejected(
    t,
    ['https://other.test', ['https://other.test'], []].map((aud) => profiled({ aud })),
  )
  await isAccepted(t, profiled({ aud: ['https://other.test', AUDIENCE] }))
})

t.test('RFC 9068, 4: the signature is by a published key of the issuer, and none is rejected', async (t) => {
  const stranger = await TestIssuer.start(t)
  await isRejected(t, issuer.signRaw(issuer.header(), issuer.claims(), stranger.newestKey))
  await isRejected(t, profiled({}, { alg: 'none' }))
  await isAccepted(t, profiled())
})

t.test('RFC 9068, 4: a token is rejected after exp, with a few seconds of leeway', async (t) => {
  await isRejected(t, profiled({ exp: now() - 60 }))
  await isAccepted(t, profiled({ exp: now() + 60 }))
})

t.test('RFC 9068, 4: every failure is the error invalid_token', async (t) => {
  const stranger = await TestIssuer.start(t)
  const failures = [
    ...[
      profiled({ exp: 1 }),
      profiled({ iss: 'x' }),
      profiled({ aud: 'x' }),
      profiled({}, { typ: 'x' }),
      'x',
    ],
    issuer.signRaw(issuer.header(), issuer.claims(), stranger.newestKey),
  ]
  for (const token of failures) {
    const response = await get(token)
    t.match(await response.json(), { statusCode: 401, code: 'invalid_token' })
    t.match(response.headers.get('www-authenticate'), /^Bearer realm="api", error="invalid_token"/)
  }
})
