import t from 'tap'
import {
  assertLogin,
  isRecent,
  parseChallenge,
  type RequiredLogin,
  STEP_UP_MAX_AGE_MS,
  StepUps,
} from '../../../src/web/login/step-up.ts'
import type { IdTokenClaims } from '../../../src/web/login/tokens.ts'

const error = 'error="insufficient_user_authentication"'

t.test('a challenge says which login the API requires', async (t) => {
  for (const [header, required] of [
    [`Bearer realm="api", ${error}, acr_values="a b", max_age="300"`, { acrValues: 'a b', maxAge: 300 }],
    [`Bearer ${error}, max_age=0`, { maxAge: 0 }],
    [`Bearer ${error},acr_values="urn:x:y"`, { acrValues: 'urn:x:y' }],
    [`Bearer acr_values = a , error = insufficient_user_authentication`, { acrValues: 'a' }],
    [`Bearer realm="a \\" b, error=c", ${error}, acr_values="a"`, { acrValues: 'a' }],
    [`Bearer ${error}, acr_values="a\\"b", max_age="60"`, { maxAge: 60 }],
    [`Bearer ${error}, acr_values="${'x'.repeat(256)}"`, { acrValues: 'x'.repeat(256) }],
  ] as const)
    t.strictSame(parseChallenge(header), required, header)
})

t.test('other challenges require no login', async (t) => {
  for (const header of [
    '',
    'Bearer realm="api"',
    'Bearer realm="api", error="invalid_token", acr_values="a"',
    'Bearer realm="error=insufficient_user_authentication", acr_values="a"',
    `Bearer ${error}`,
    `Bearer ${error}, acr_values="", max_age=""`,
    `Bearer ${error}, acr_values=" a"`,
    `Bearer ${error}, acr_values="é"`,
    `Bearer ${error}, acr_values="${'x'.repeat(257)}"`,
    `Bearer ${error}, max_age="-1"`,
    `Bearer ${error}, max_age="1.5"`,
    `Bearer ${error}, max_age="1e9"`,
    `Bearer ${error}, max_age="12345678901"`,
  ])
    t.equal(parseChallenge(header), undefined, header)
})

t.test('a login is recent up to its maximum age, and not without a time or far in the future', async (t) => {
  t.ok(isRecent(1_000, 300, 1_000))
  t.ok(isRecent(1_000, 300, 1_300))
  t.notOk(isRecent(1_000, 300, 1_301))
  t.notOk(isRecent(1_301, 300, 1_000))
  t.notOk(isRecent(undefined, 300, 1_000))
})

t.test('the ID token must prove the login that was required', async (t) => {
  const check = (claims: Partial<IdTokenClaims>, required: RequiredLogin) => () =>
    assertLogin(claims as IdTokenClaims, required, 30, 1_000)
  t.doesNotThrow(check({ acr: 'b' }, { acrValues: 'a b' }))
  t.doesNotThrow(check({ auth_time: 900 }, { maxAge: 100 }))
  t.doesNotThrow(check({ auth_time: 870 }, { maxAge: 100 }))
  t.doesNotThrow(check({ acr: 'a', auth_time: 990 }, { acrValues: 'a', maxAge: 0 }))
  for (const [claims, required] of [
    [{}, { acrValues: 'a b' }],
    [{ acr: 'a b' }, { acrValues: 'a b' }],
    [{ acr: 'c' }, { acrValues: 'a b' }],
    [{}, { acrValues: 'undefined b' }],
    [{}, { maxAge: 100 }],
    [{ auth_time: 869 }, { maxAge: 100 }],
    [{ acr: 'a' }, { acrValues: 'a', maxAge: 0 }],
    [{ auth_time: 1_000 }, { acrValues: 'a', maxAge: 0 }],
  ] as const)
    t.throws(check(claims, required), { code: 'login_failed', message: /has not performed the stronger/ })
})

t.test('a step-up is found for its page, with the secret, for a minute', async (t) => {
  const stepUps = new StepUps(['secret'], 'step-up')
  const cookies = (value: string) => ({ 'step-up': value })
  const sealed = stepUps.seal({
    page: '/page',
    required: { maxAge: 1 },
    isDone: true,
    expiresAt: 5_000 + STEP_UP_MAX_AGE_MS,
  })
  t.match(stepUps.find(cookies(sealed), '/page', 5_000 + STEP_UP_MAX_AGE_MS - 1), {
    required: { maxAge: 1 },
    isDone: true,
  })
  t.equal(stepUps.find(cookies(sealed), '/page', 5_000 + STEP_UP_MAX_AGE_MS), undefined)
  t.equal(stepUps.find(cookies(sealed), '/other', 5_000), undefined)
  t.equal(stepUps.find(cookies('{"page":"/page"}'), '/page', 5_000), undefined)
  t.equal(stepUps.find(cookies(''), '/page', 5_000), undefined)
  t.equal(stepUps.find({}, '/page', 5_000), undefined)
  t.equal(new StepUps(['other'], 'step-up').find(cookies(sealed), '/page', 5_000), undefined)
})
