import t from 'tap'
import { checkAccessToken, checkTimes } from '../../../src/plugins/auth/checks.ts'
import { checkConfirmation } from '../../../src/plugins/auth/confirmation.ts'
import type { TokenError } from '../../../src/plugins/auth/errors.ts'
import type { IssuerOptions } from '../../../src/plugins/auth/issuer-options.ts'
import { trustedIssuer } from '../../helpers/trusted-issuer.ts'

const NOW = 1_800_000_000
const { policy } = trustedIssuer('https://one.test/', {
  algorithms: ['RS256', 'ES256'],
  audiences: ['https://api.test', 'https://other-api.test'],
})
const goodHeader = { alg: 'RS256', kid: 'key-1', typ: 'JWT' }
const goodClaims = {
  iss: 'https://one.test/',
  sub: 'auth0|1',
  aud: 'https://api.test',
  iat: NOW,
  exp: NOW + 60,
}

const check = (header: object, claims: object, now = NOW) =>
  checkAccessToken(
    { header: { ...goodHeader, ...header }, payload: { ...goodClaims, ...claims } },
    policy,
    now,
  )

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
const NOT_YET = 'token is not yet valid; check the clock'
const WRONG_CLAIMS = 'incorrect claims, please check the audience and issuer'
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

t.test('a wrong or missing audience is reported as incorrect claims', async (t) => {
  const claims = [
    ...[undefined, 'https://api.test/', [], ['https://api.test', 7]].map((aud) => ({ aud })),
    { aud: { 0: 'https://api.test' } },
  ]
  t.strictSame(ofClaims(claims), all(claims, WRONG_CLAIMS))
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
  t.strictSame(ofTimes([{ nbf: NOW + 6 }, { iat: NOW + 6 }]), [NOT_YET, NOT_YET])
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
    ['audience', {}, { aud: 'https://third-api.test' }],
    ['audience', {}, { aud: [7] }],
    ['claims', {}, { sub: '' }],
    ['claims', {}, { exp: '1' }],
    ['claims', {}, { nbf: '1' }],
    ['claims', {}, { iat: '1' }],
    ['expired', {}, { exp: 1 }],
    ['not_yet_valid', {}, { nbf: NOW + 6 }],
    ['not_yet_valid', {}, { iat: NOW + 6 }],
    ['bound', {}, { cnf: {} }],
  ]
  for (const [reason, header, claims] of cases)
    t.throws(() => check(header, claims), { code: 'invalid_token', reason })
})

t.test('other tokens of the same issuer are not access tokens', async (t) => {
  const accepted = [{ token_use: 'access' }, { typ: 'Bearer' }, { typ: 7 }, { nonce: 'n' }]
  t.strictSame(ofClaims(accepted), all(accepted, 'accepted'))
  const rejected = [
    ...['id', 'refresh', null, 7].map((token_use) => ({ token_use })),
    ...['ID', 'id', 'Refresh', 'Logout', 'Offline'].map((typ) => ({ typ })),
    ...[{ at_hash: 'h' }, { c_hash: 'h' }],
  ]
  t.strictSame(ofClaims(rejected), all(rejected, UNUSABLE))
})

t.test('a token that is bound in a way that is not verified is rejected', async (t) => {
  const hash = 'x'.repeat(43)
  const keys = [{ jkt: hash }, { jkt: hash, 'x5t#S256': hash }, { kid: 'x' }, {}, null, [], 'x'].map(
    (cnf) => ({ cnf }),
  )
  t.strictSame(ofClaims(keys), all(keys, 'The token is bound to a key'))
  const certificate = [{ cnf: { 'x5t#S256': hash } }]
  t.strictSame(ofClaims(certificate), all(certificate, 'The token is bound to a certificate'))
})

t.test('of the members of cnf, those that are verified must be SHA-256, and one must be there', async (t) => {
  const { policy } = trustedIssuer('https://one.test/', {
    audiences: ['https://api.test'],
    confirmations: ['jkt', 'x5t#S256'],
  })
  const hash = 'x'.repeat(43)
  const accepted = [
    { jkt: hash },
    { 'x5t#S256': hash },
    { jkt: hash, 'x5t#S256': hash },
    { jkt: hash, kid: 7 },
  ]
  const rejected = [
    {},
    { kid: 'x' },
    { jkt: 'x' },
    { jkt: 7 },
    { jkt: hash, 'x5t#S256': null },
    { jwk: { kty: 'EC' } },
  ]
  for (const cnf of accepted) t.doesNotThrow(() => checkConfirmation({ cnf }, policy.confirmations))
  for (const cnf of rejected)
    t.throws(
      () => checkConfirmation({ cnf }, policy.confirmations),
      { code: 'invalid_token', reason: 'bound' },
      JSON.stringify(cnf),
    )
})

t.test('Ed25519 is another name of EdDSA (RFC 9864)', async (t) => {
  const { policy } = trustedIssuer('https://one.test/', {
    algorithms: ['EdDSA'],
    audiences: ['https://api.test'],
  })
  const named = trustedIssuer({ issuer: 'https://one.test/', algorithms: ['Ed25519', 'EdDSA'] })
  t.strictSame(named.policy.algorithms, ['EdDSA'])
  for (const alg of ['EdDSA', 'Ed25519'])
    t.doesNotThrow(() =>
      checkAccessToken({ header: { ...goodHeader, alg }, payload: goodClaims }, policy, NOW),
    )
})

/** Checks claims by the rules of an issuer. */
const checkBy = (entry: Partial<IssuerOptions>, claims: object, header: object = {}) =>
  outcome(() => {
    const { policy } = trustedIssuer({
      issuer: 'https://one.test/',
      audiences: ['https://api.test'],
      ...entry,
    })
    checkAccessToken(
      { header: { ...goodHeader, ...header }, payload: { ...goodClaims, ...claims } },
      policy,
      NOW,
    )
  })

t.test('required claims must have an allowed value', async (t) => {
  const require = { '/repository': ['octo/app', 'octo/other'], '/ref': ['refs/heads/main', 'refs/tags/v*'] }
  const check = (repository: unknown, ref: unknown) => checkBy({ require }, { repository, ref })
  t.equal(check('octo/app', 'refs/heads/main'), 'accepted')
  t.equal(check('octo/other', 'refs/tags/v1.2'), 'accepted')
  const rejected = [
    ...[undefined, null, 7, ['octo/app'], 'octo/App', 'octo/app2', ''].map((name) =>
      check(name, 'refs/heads/main'),
    ),
    ...['refs/heads/main2', 'refs/tags/', 'x/refs/tags/v1'].map((ref) => check('octo/app', ref)),
  ]
  t.strictSame(rejected, all(rejected, WRONG_CLAIMS))
})

t.test('with accepted clients, aud may be absent but not another', async (t) => {
  const clients = ['app1', 'app2']
  const only = (claims: object) => checkBy({ audiences: undefined, clients }, claims)
  t.equal(only({ aud: undefined, client_id: 'app1' }), 'accepted')
  t.equal(only({ aud: 'anything', client_id: 'app2' }), 'accepted', 'no audience is configured')
  t.equal(only({ aud: undefined, client_id: 'app3' }), WRONG_CLAIMS)
  t.equal(only({ aud: undefined, client_id: undefined }), WRONG_CLAIMS)
  const both = (claims: object) => checkBy({ clients }, { client_id: 'app1', ...claims })
  t.equal(both({ aud: undefined }), 'accepted')
  t.equal(both({}), 'accepted')
  t.equal(both({ aud: 'https://other.test' }), WRONG_CLAIMS)
})

t.test('a token without sub has its client as the subject, where that is allowed', async (t) => {
  const claims = { sub: undefined, azp: 'lightweight' }
  t.equal(checkBy({ subjectOptional: true }, claims), 'accepted')
  t.equal(checkBy({ subjectOptional: true }, { sub: undefined }), UNUSABLE, 'without a client')
  t.equal(checkBy({ subjectOptional: true }, { sub: '', azp: 'a' }), UNUSABLE)
  t.equal(checkBy({}, claims), UNUSABLE)
})

t.test('the profile of RFC 9068 requires its type and claims', async (t) => {
  const claims = { client_id: 'app', jti: 'id-1' }
  const check = (more: object, header: object = { typ: 'at+jwt' }) =>
    checkBy({ profile: 'rfc9068' }, { ...claims, ...more }, header)
  t.equal(check({}), 'accepted')
  t.equal(check({}, { typ: 'application/AT+JWT' }), 'accepted')
  t.strictSame([check({}, { typ: 'JWT' }), check({}, { typ: undefined })], [UNUSABLE, UNUSABLE])
  for (const name of ['client_id', 'jti', 'iat']) t.equal(check({ [name]: undefined }), WRONG_CLAIMS, name)
})

t.test('a workload issuer without required claims would let anyone in, so it throws', async (t) => {
  const entry = { issuer: 'https://ci.test', profile: 'workload', audiences: ['api'] } as const
  for (const require of [undefined, {}])
    t.throws(() => trustedIssuer({ ...entry, require }), { message: /any workload of the issuer could call/ })
  t.doesNotThrow(() => trustedIssuer({ ...entry, require: { '/repository': ['octo/app'] } }))
})
