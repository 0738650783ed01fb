import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { keyName, toSigningKey } from '../../../src/plugins/auth/signing-key.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })

t.test('a key is named by algorithm and kid, and identified by its thumbprint', async (t) => {
  const jwk = rsa()
  t.equal(toSigningKey({ ...jwk, kid: 'a' }, 'RS256')?.name, 'RS256 a')
  t.equal(toSigningKey(jwk, 'RS256')?.name, 'RS256')
  t.equal(keyName('ES256', 'b'), 'ES256 b')
  const thumbprint = toSigningKey(jwk, 'RS256')?.thumbprint
  t.equal(toSigningKey({ ...jwk, kid: 'a', use: 'sig', x5c: ['AA'] }, 'PS256')?.thumbprint, thumbprint)
  t.not(toSigningKey(rsa(), 'RS256')?.thumbprint, thumbprint)
})

t.test('an unusable JWK does not become a signing key', async (t) => {
  for (const jwk of [{ ...rsa(), use: 'enc' }, { kty: 'oct', k: 'AA' }, {}])
    t.equal(toSigningKey(jwk, 'RS256'), undefined)
})

t.test('a key verifies its own signatures and no others, for every algorithm', async (t) => {
  const issuer = await TestIssuer.start(t)
  const algorithms = [
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
  ]
  for (const algorithm of algorithms) {
    const key = await issuer.addKey('k', algorithm)
    const other = await issuer.addKey('k', algorithm)
    const verify = toSigningKey(key.jwk, algorithm)?.verify
    const signed = await issuer.sign({}, {}, key)
    t.equal(verify?.(signed), true, algorithm)
    const forged = await issuer.sign({}, {}, other)
    t.equal(verify?.(forged), false, `${algorithm} by another key`)
    const unsigned = signed.slice(0, signed.lastIndexOf('.') + 1)
    t.equal(verify?.(unsigned), false, `${algorithm} without its signature`)
  }
})
