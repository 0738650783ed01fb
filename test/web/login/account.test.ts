import t from 'tap'
import { toAccount } from '../../../src/web/login/account.ts'
import type { IdTokenClaims } from '../../../src/web/login/tokens.ts'

const required = { iss: 'https://issuer.example/', aud: 'client', iat: 1, exp: 2 }
const account = (claims: object) => toAccount({ ...required, sub: 'a|1', ...claims } as IdTokenClaims)

t.test('an account has the claims that are shown, and no others', async (t) => {
  const claims = {
    nickname: 'one',
    name: 'Number One',
    picture: 'https://example.com/1.png',
    updated_at: '2026-11-21T10:00:00.000Z',
    email: 'one@example.com',
    email_verified: false,
  }
  t.strictSame(account({ ...claims, sid: 's', address: {} }), { sub: 'a|1', ...claims })
  t.strictSame(account({}), { sub: 'a|1' })
})

t.test('claims of another type are omitted', async (t) => {
  for (const value of [null, 7, {}, ['x'], '', 'a\0b', 'x'.repeat(2_001)])
    t.strictSame(account({ nickname: value, name: value, picture: value, email: value }), { sub: 'a|1' })
  t.strictSame(account({ email_verified: 'yes', updated_at: {} }), { sub: 'a|1' })
})

t.test('email_verified as the text "true" or "false" is a boolean', async (t) => {
  t.equal(account({ email_verified: 'true' }).email_verified, true)
  t.equal(account({ email_verified: 'false' }).email_verified, false)
  for (const email_verified of ['True', 'FALSE', '', '1', 1, 0, null, {}])
    t.strictSame(account({ email_verified }), { sub: 'a|1' }, JSON.stringify(email_verified))
})

t.test('a numeric time becomes text if it is valid', async (t) => {
  t.equal(account({ updated_at: 1_793_000_000 }).updated_at, '2026-10-26T07:33:20.000Z')
  t.equal(account({ updated_at: 1e300 }).updated_at, undefined)
})
