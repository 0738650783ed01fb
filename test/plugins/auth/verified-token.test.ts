import t from 'tap'
import { requireToken, toVerifiedToken } from '../../../src/plugins/auth/verified-token.ts'

const claims = { iss: 'https://one.test/', sub: 'auth0|1', aud: 'api', exp: 1_800_000_000 }

t.test('claims are mapped to the properties of a verified token', async (t) => {
  const token = toVerifiedToken({ ...claims, azp: 'spa', scope: 'read:a  write:a ', permissions: ['read:a'] })
  t.match(token, {
    issuer: 'https://one.test/',
    subject: 'auth0|1',
    clientId: 'spa',
    scopes: ['read:a', 'write:a'],
    permissions: ['read:a'],
    expiresAt: 1_800_000_000,
  })
  t.equal(toVerifiedToken({ ...claims, client_id: 'machine' }).clientId, 'machine')
  t.equal(toVerifiedToken({ ...claims, azp: 7 }).clientId, null)
})

t.test('a missing or malformed scope or permission claim grants nothing', async (t) => {
  const scopes = [undefined, null, 7, true, {}, ['read:a']]
  t.strictSame(
    scopes.flatMap((scope) => toVerifiedToken({ ...claims, scope }).scopes),
    [],
  )
  const permissions = [undefined, null, 7, 'read:a', {}]
  t.strictSame(
    permissions.flatMap((each) => toVerifiedToken({ ...claims, permissions: each }).permissions),
    [],
  )
  t.same(toVerifiedToken({ ...claims, permissions: ['read:a', 7, null, ['b']] }).permissions, ['read:a'])
})

t.test('a verified token cannot be changed by the requests that share it', async (t) => {
  const token = toVerifiedToken({ ...claims, permissions: ['read:a'], address: { country: 'NL' } })
  for (const part of [token, token.scopes, token.permissions, token.claims, token.claims.address])
    t.ok(Object.isFrozen(part))
})

t.test('a very deeply nested token is frozen, too', async (t) => {
  const depth = 200_000
  let innermost: unknown = JSON.parse('['.repeat(depth) + ']'.repeat(depth))
  toVerifiedToken({ ...claims, deep: innermost })
  while (Array.isArray(innermost) && innermost.length > 0) innermost = innermost[0]
  t.strictSame(innermost, [])
  t.ok(Object.isFrozen(innermost))
})

t.test('requireToken throws without a token', async (t) => {
  const token = toVerifiedToken(claims)
  t.equal(requireToken(token), token)
  t.throws(() => requireToken(null), { code: 'missing_token', statusCode: 401 })
})
