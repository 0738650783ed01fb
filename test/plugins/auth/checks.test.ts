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

t.test('every acceptable form of a token is accepted', async (t) => {
  for (const header of [
    {},
    { alg: 'ES256' },
    { kid: undefined },
    { typ: undefined },
    { typ: 'jwt' },
    { typ: 'at+jwt' },
    { typ: 'AT+JWT' },
    { typ: 'application/at+jwt' },
  ]) {
    t.doesNotThrow(() => check(header, {}), JSON.stringify(header))
  }
  for (const claims of [
    { iss: 'https://two.test/' },
    { aud: ['https://one.test/userinfo', 'https://other-api.test'] },
    { iat: undefined },
    { nbf: NOW },
    { nbf: NOW + 5, iat: NOW + 5 },
    { exp: NOW + 0.5 },
  ]) {
    t.doesNotThrow(() => check({}, claims), JSON.stringify(claims))
  }
})

t.test('a header that does not belong to an access token is rejected', async (t) => {
  for (const header of [
    { alg: 'none' },
    { alg: 'HS256' },
    { alg: 'rs256' },
    { alg: undefined },
    { alg: ['RS256'] },
    { typ: 'logout+jwt' },
    { typ: 'dpop+jwt' },
    { typ: '' },
    { typ: null },
    { typ: 7 },
    { crit: ['exp'] },
    { crit: [] },
    { crit: null },
    { crit: '' },
    { kid: 7 },
    { kid: null },
  ]) {
    t.throws(
      () => check(header, {}),
      { code: 'invalid_token', message: 'Unable to parse authentication' },
      JSON.stringify(header),
    )
  }
})

t.test('a wrong or missing issuer or audience is reported as incorrect claims', async (t) => {
  for (const claims of [
    { iss: undefined },
    { iss: 'https://one.test' },
    { iss: 'https://ONE.test/' },
    { iss: ['https://one.test/'] },
    { aud: undefined },
    { aud: 'https://api.test/' },
    { aud: [] },
    { aud: ['https://api.test', 7] },
    { aud: { 0: 'https://api.test' } },
  ]) {
    t.throws(() => check({}, claims), { message: /incorrect claims/ }, JSON.stringify(claims))
  }
})

t.test('a subject is at most 255 characters of well-formed text without U+0000', async (t) => {
  for (const sub of ['x'.repeat(255), 'Zoë', '\u{1f600}', ' ', 'a\u0001b'])
    t.doesNotThrow(() => check({}, { sub }))
  for (const sub of ['x'.repeat(256), 'a\0b', 'auth0|\ud800', 'auth0|\udfff', '\udc00\ud800'])
    t.throws(() => check({}, { sub }), { statusCode: 401, message: 'Unable to parse authentication' })
})

t.test('a token without a subject is rejected', async (t) => {
  for (const sub of [undefined, '', null, 7]) {
    t.throws(() => check({}, { sub }), { message: 'Unable to parse authentication' })
  }
})

t.test('the time claims are checked with exactly the tolerance', async (t) => {
  const times = (claims: object, now = NOW) => checkTimes({ ...goodClaims, ...claims }, policy, now)
  t.doesNotThrow(() => times({}, NOW + 64.9))
  t.throws(() => times({}, NOW + 65), { message: 'token is expired' })
  t.throws(() => times({ exp: 0 }), { message: 'token is expired' })
  t.throws(() => times({ exp: -1 }), { message: 'token is expired' })
  t.throws(() => times({ nbf: NOW + 6 }), { message: 'Unable to parse authentication' })
  t.throws(() => times({ iat: NOW + 6 }), { message: 'Unable to parse authentication' })
  for (const odd of [undefined, null, '1900000000', Number.NaN, Number.POSITIVE_INFINITY, [NOW + 60]]) {
    t.throws(() => times({ exp: odd }), { message: 'Unable to parse authentication' }, `exp ${odd}`)
  }
  for (const odd of [null, '1', {}]) {
    t.throws(() => times({ nbf: odd }), { message: 'Unable to parse authentication' }, `nbf ${odd}`)
    t.throws(() => times({ iat: odd }), { message: 'Unable to parse authentication' }, `iat ${odd}`)
  }
})

t.test('a rejection has a reason code', async (t) => {
  for (const [reason, header, claims] of [
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
  ] as const) {
    try {
      check(header, claims)
      t.fail(`${reason} was not refused`)
    } catch (error) {
      t.equal((error as TokenError).reason, reason, JSON.stringify([header, claims]))
    }
  }
})
