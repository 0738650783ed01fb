import t from 'tap'
import { checkAccessToken, checkTimes, type Policy } from '../../../src/plugins/auth/checks.ts'
import type { TokenError } from '../../../src/plugins/auth/errors.ts'

const NOW = 1_800_000_000
const policy: Policy = {
  algorithms: ['RS256', 'ES256'],
  issuers: ['https://one.test/', 'https://two.test/'],
  audiences: ['https://api.test', 'https://other-api.test'],
  clockToleranceSeconds: 5,
}
const goodHeader = { alg: 'RS256', kid: 'key-1', typ: 'JWT' }
const goodClaims = {
  iss: 'https://one.test/',
  sub: 'auth0|1',
  aud: 'https://api.test',
  iat: NOW,
  exp: NOW + 60,
}

const check = (header: object, claims: object, now = NOW) =>
  checkAccessToken({ ...goodHeader, ...header }, { ...goodClaims, ...claims }, policy, now)

/** Returns the message of the error, or `accepted`. */
function outcome(run: () => void): string {
  try {
    run()
    return 'accepted'
  } catch (error) {
    return (error as TokenError).message
  }
}

const UNUSABLE = 'Unable to parse authentication'
const EXPIRED = 'token is expired'
const all = (values: readonly unknown[], expected: string) => values.map(() => expected)
const ofHeaders = (headers: object[]) => headers.map((header) => outcome(() => check(header, {})))
const ofClaims = (claims: object[]) => claims.map((each) => outcome(() => check({}, each)))
const ofTimes = (claims: object[], now = NOW) =>
  claims.map((each) => outcome(() => checkTimes({ ...goodClaims, ...each }, policy, now)))

t.test('every acceptable form of a token is accepted', async (t) => {
  const types = [undefined, 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt'].map((typ) => ({ typ }))
  const headers = [{}, { alg: 'ES256' }, { kid: undefined }, ...types]
  t.strictSame(ofHeaders(headers), all(headers, 'accepted'))
  const claims = [
    { iss: 'https://two.test/' },
    { aud: ['https://one.test/userinfo', 'https://other-api.test'] },
    { iat: undefined },
    { nbf: NOW },
    { nbf: NOW + 5, iat: NOW + 5 },
    { exp: NOW + 0.5 },
  ]
  t.strictSame(ofClaims(claims), all(claims, 'accepted'))
})

t.test('a header that does not belong to an access token is rejected', async (t) => {
  const headers = [
    ...['none', 'HS256', 'rs256', undefined, ['RS256']].map((alg) => ({ alg })),
    ...['logout+jwt', 'dpop+jwt', '', null, 7].map((typ) => ({ typ })),
    ...[['exp'], [], null, ''].map((crit) => ({ crit })),
    ...[7, null].map((kid) => ({ kid })),
  ]
  t.strictSame(ofHeaders(headers), all(headers, UNUSABLE))
  t.throws(() => check({ alg: 'none' }, {}), { code: 'invalid_token' })
})

t.test('a wrong or missing issuer or audience is reported as incorrect claims', async (t) => {
  const claims = [
    ...[undefined, 'https://one.test', 'https://ONE.test/', ['https://one.test/']].map((iss) => ({ iss })),
    ...[undefined, 'https://api.test/', [], ['https://api.test', 7]].map((aud) => ({ aud })),
    { aud: { 0: 'https://api.test' } },
  ]
  t.strictSame(ofClaims(claims), all(claims, 'incorrect claims, please check the audience and issuer'))
})

t.test('a subject is at most 255 characters of well-formed text without U+0000', async (t) => {
  const accepted = ['x'.repeat(255), 'Zoë', '\u{1f600}', ' ', 'a\u0001b'].map((sub) => ({ sub }))
  t.strictSame(ofClaims(accepted), all(accepted, 'accepted'))
  const rejected = ['x'.repeat(256), 'a\0b', 'auth0|\ud800', 'auth0|\udfff', '\udc00\ud800'].map((sub) => ({
    sub,
  }))
  t.strictSame(ofClaims(rejected), all(rejected, UNUSABLE))
  t.throws(() => check({}, { sub: 'a\0b' }), { code: 'invalid_token', statusCode: 401 })
})

t.test('a token without a subject is rejected', async (t) => {
  const claims = [undefined, '', null, 7].map((sub) => ({ sub }))
  t.strictSame(ofClaims(claims), all(claims, UNUSABLE))
})

t.test('the time claims are checked with exactly the tolerance', async (t) => {
  t.strictSame(ofTimes([{}], NOW + 64.9), ['accepted'])
  t.strictSame(ofTimes([{}], NOW + 65), [EXPIRED])
  t.strictSame(ofTimes([{ exp: 0 }, { exp: -1 }]), [EXPIRED, EXPIRED])
  t.strictSame(ofTimes([{ nbf: NOW + 6 }, { iat: NOW + 6 }]), [UNUSABLE, UNUSABLE])
  const malformed = [
    ...[undefined, null, '1900000000', Number.NaN, Number.POSITIVE_INFINITY, [NOW + 60]].map((exp) => ({
      exp,
    })),
    ...[null, '1', {}].flatMap((time) => [{ nbf: time }, { iat: time }]),
  ]
  t.strictSame(ofTimes(malformed), all(malformed, UNUSABLE))
})

t.test('a rejection has a reason code', async (t) => {
  const cases: [reason: string, header: object, claims: object][] = [
    ['header', { alg: 'none' }, {}],
    ['issuer', {}, { iss: 'https://three.test/' }],
    ['audience', {}, { aud: 'https://third-api.test' }],
    ['audience', {}, { aud: [7] }],
    ['claims', {}, { sub: '' }],
    ['claims', {}, { exp: '1' }],
    ['claims', {}, { nbf: '1' }],
    ['claims', {}, { iat: '1' }],
    ['expired', {}, { exp: 1 }],
    ['not_yet_valid', {}, { nbf: NOW + 6 }],
    ['not_yet_valid', {}, { iat: NOW + 6 }],
  ]
  for (const [reason, header, claims] of cases)
    t.throws(() => check(header, claims), { code: 'invalid_token', reason })
})
