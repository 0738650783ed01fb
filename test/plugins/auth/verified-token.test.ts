import t from 'tap'
import { compileMapping } from '../../../src/plugins/auth/claim-mapping.ts'
import { type Claims, requireToken } from '../../../src/plugins/auth/verified-token.ts'

const claims = { iss: 'https://one.test/', sub: 'auth0|1', aud: 'api', exp: 1_800_000_000 }
const mapping = compileMapping({ issuer: claims.iss })
const mapClaims = (claims: Claims) => mapping(claims, ['/'])

t.test('a verified token cannot be changed by the requests that share it', async (t) => {
  const token = mapClaims({ ...claims, permissions: ['read:a'], address: { country: 'NL' } })
  for (const part of [token, token.scopes, token.permissions, token.claims, token.claims.address])
    t.ok(Object.isFrozen(part))
})

t.test('a very deeply nested token is frozen, too', async (t) => {
  const depth = 200_000
  let innermost: unknown = JSON.parse('['.repeat(depth) + ']'.repeat(depth))
  mapClaims({ ...claims, deep: innermost })
  while (Array.isArray(innermost) && innermost.length > 0) innermost = innermost[0]
  t.strictSame(innermost, [])
  t.ok(Object.isFrozen(innermost))
})

t.test('requireToken throws without a token', async (t) => {
  const token = mapClaims(claims)
  t.equal(requireToken(token), token)
  t.throws(() => requireToken(null), { code: 'missing_token', statusCode: 401 })
})
