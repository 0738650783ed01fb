import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { type Jwk, toPublicKey } from '../../../src/plugins/auth/jwk.ts'

const rsa = (modulusLength = 2048, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({ format: 'jwk' })
const ec = (namedCurve: string) =>
  generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' })
const rsaKey = rsa()

t.test('a key of the right type is usable, with or without use, key_ops and alg', async (t) => {
  const usable: [string, Jwk][] = [
    ['RS256', rsaKey],
    ['PS512', rsaKey],
    ['RS256', { ...rsaKey, alg: 'RS256', use: 'sig', key_ops: ['verify'] }],
    ['RS256', { ...rsaKey, key_ops: ['sign', 'verify'] }],
    ['ES256', ec('P-256')],
    ['ES384', ec('P-384')],
    ['ES512', ec('P-521')],
    ['EdDSA', generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })],
  ]
  t.strictSame(
    usable.map(([algorithm, jwk]) => toPublicKey(jwk, algorithm)?.type),
    usable.map(() => 'public'),
  )
})

t.test('a key for another purpose, type or curve is not usable', async (t) => {
  const unusable: [string, Jwk][] = [
    ['RS256', { ...rsaKey, use: 'enc' }],
    ['RS256', { ...rsaKey, use: '' }],
    ['RS256', { ...rsaKey, key_ops: ['encrypt'] }],
    ['RS256', { ...rsaKey, key_ops: 'verify' as unknown as string[] }],
    ['RS256', { ...rsaKey, key_ops: ['verify', 'verify'] }],
    ['RS256', { ...rsaKey, key_ops: ['verify', 7] as unknown as string[] }],
    ['RS256', { ...rsaKey, alg: 'RS384' }],
    ['RS256', { kty: 'oct', k: 'c2VjcmV0' }],
    ['RS256', ec('P-256')],
    ['ES256', rsaKey],
    ['ES256', ec('P-384')],
    ['ES384', ec('P-256')],
    ['EdDSA', generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' })],
    ['EdDSA', generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })],
    ['RS256', {}],
  ]
  t.strictSame(
    unusable.filter(([algorithm, jwk]) => toPublicKey(jwk, algorithm)),
    [],
  )
})

t.test('a weak or malformed key is not usable', async (t) => {
  const { x, y, ...curve } = ec('P-256')
  const unusable: [string, Jwk][] = [
    ['RS256', rsa(1024)],
    ['RS256', rsa(2048, 3)],
    ['RS256', { ...rsaKey, e: 'AQAAAAE' }],
    ['RS256', { ...rsaKey, n: 'AQ' }],
    ['RS256', { kty: 'RSA', e: 'AQAB' }],
    ['RS256', { kty: 'RSA', e: 'AQAB', n: 7 as unknown as string }],
    ['ES256', { ...curve, x: x as string, y: x as string }],
  ]
  t.strictSame(
    unusable.filter(([algorithm, jwk]) => toPublicKey(jwk, algorithm)),
    [],
  )
})

t.test('a published private key is not usable', async (t) => {
  const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  t.equal(toPublicKey(jwk, 'RS256'), undefined)
})
