import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import type { Jwk } from '../../../src/plugins/auth/jwk.ts'
import { indexKeys, keyName } from '../../../src/plugins/auth/signing-key.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const index = (jwks: Jwk[], algorithms = ['RS256', 'ES256']) => indexKeys(jwks, algorithms, new Map())

t.test('a key is found by algorithm and kid', async (t) => {
  const keys = index([{ ...rsa(), kid: 'a' }, { ...ec(), kid: 'b' }, rsa()])
  t.same(
    [...keys.keys()].sort(),
    [keyName('ES256', 'b'), keyName('RS256', 'a'), keyName('RS256', undefined)].sort(),
  )
  t.notOk(keys.has(keyName('RS256', 'b')))
})

t.test('a key serves each algorithm it fits', async (t) => {
  t.same([...index([{ ...rsa(), kid: 'a' }], ['RS256', 'PS256', 'ES256']).keys()], ['RS256 a', 'PS256 a'])
})

t.test('keys that are not fit are left out', async (t) => {
  t.equal(index([{ ...rsa(), use: 'enc' }, { kty: 'oct', k: 'AA' }, {}]).size, 0)
})

t.test('two keys under one name are neither, under two names both', async (t) => {
  t.same(
    [
      ...index([
        { ...rsa(), kid: 'a' },
        { ...rsa(), kid: 'a' },
        { ...rsa(), kid: 'b' },
      ]).keys(),
    ],
    ['RS256 b'],
  )
  t.same(
    [
      ...index([
        { ...rsa(), kid: 'a' },
        { ...ec(), kid: 'a' },
      ]).keys(),
    ],
    ['RS256 a', 'ES256 a'],
  )
})

t.test('a key accepts what it signed and nothing else, for every algorithm', async (t) => {
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
    const verify = indexKeys([key.jwk], [algorithm], new Map()).get(keyName(algorithm, 'k'))?.verify
    const signed = await issuer.sign({}, {}, key)
    t.equal(await verify?.(signed), true, algorithm)
    const forged = await issuer.sign({}, {}, other)
    t.equal(await verify?.(forged), false, `${algorithm} by another key`)
    const unsigned = signed.slice(0, signed.lastIndexOf('.') + 1)
    t.equal(await verify?.(unsigned), false, `${algorithm} without its signature`)
  }
})
