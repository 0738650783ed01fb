import t, { type Test } from 'tap'
import type { IssuerKey } from '../helpers/issuer.ts'
import { startService } from '../helpers/service.ts'

/** Whether a token gets in when the issuer's one key is published as told. */
async function isTrusted(
  t: Test,
  publish: (key: IssuerKey) => object,
  header: object = {},
): Promise<boolean> {
  return statusWith(t, (key) => ({ keys: [publish(key)] }), header).then((status) => status === 200)
}

/** The same for a whole set. */
async function statusWith(
  t: Test,
  publish: (key: IssuerKey) => object,
  header: object = {},
): Promise<number> {
  const { issuer, status } = await startService(t)
  issuer.keySet = publish(issuer.newestKey)
  return status(await issuer.sign({}, header))
}

t.test('RFC 7517, 4: unknown members of a key are ignored', async (t) => {
  t.ok(await isTrusted(t, ({ jwk }) => ({ ...jwk, 'urn:x': { y: 1 }, nbf: 0 })))
})

t.test('RFC 7517, 4.1: kty is present and case-sensitive', async (t) => {
  for (const kty of [undefined, 'rsa', 'EC', 'oct', 7])
    t.notOk(await isTrusted(t, ({ jwk }) => ({ ...jwk, kty })), `${kty}`)
  t.ok(await isTrusted(t, ({ jwk }) => ({ ...jwk, kty: 'RSA' })))
})

t.test('RFC 7517, 4.2: a key for encryption is not used, and a key without use is', async (t) => {
  for (const use of ['enc', 'SIG', '', 7])
    t.notOk(await isTrusted(t, ({ jwk }) => ({ ...jwk, use })), `${use}`)
  for (const use of ['sig', undefined]) t.ok(await isTrusted(t, ({ jwk }) => ({ ...jwk, use })), `${use}`)
})

t.test('RFC 7517, 4.3: key_ops, if present, is a list without duplicates that contains verify', async (t) => {
  for (const key_ops of [[], ['sign'], ['encrypt'], ['VERIFY'], ['verify', 'verify'], 'verify', null])
    t.notOk(await isTrusted(t, ({ jwk }) => ({ ...jwk, key_ops })), JSON.stringify(key_ops))
  for (const key_ops of [undefined, ['verify'], ['sign', 'verify']])
    t.ok(await isTrusted(t, ({ jwk }) => ({ ...jwk, key_ops })), JSON.stringify(key_ops))
})

t.test('RFC 7517, 4.4: a key with alg is used with no other algorithm', async (t) => {
  for (const alg of ['RS512', 'PS256', 'RSA-OAEP', 'rs256', ''])
    t.notOk(await isTrusted(t, ({ jwk }) => ({ ...jwk, alg })), alg)
  for (const alg of ['RS256', undefined]) t.ok(await isTrusted(t, ({ jwk }) => ({ ...jwk, alg })), `${alg}`)
})

t.test('RFC 7517, 4.5: a key is found by its case-sensitive kid', async (t) => {
  t.notOk(await isTrusted(t, ({ jwk }) => ({ ...jwk, kid: 'KEY-1' })))
  t.ok(await isTrusted(t, ({ jwk }) => jwk))
  t.ok(
    await isTrusted(t, ({ jwk }) => ({ ...jwk, kid: undefined }), { kid: undefined }),
    'or by its having none',
  )
})

t.test('RFC 7517, 4.5: keys of different types may share a kid', async (t) => {
  const { issuer, status } = await startService(t, { AUTH_ALGORITHMS: 'RS256,ES256' })
  const keys = [issuer.newestKey, await issuer.addKey('key-1', 'ES256')]
  for (const key of keys) t.equal(await status(await issuer.sign({}, {}, key)), 200, key.algorithm)
})

t.test('RFC 7517, 5: unknown members of the set are ignored', async (t) => {
  t.equal(await statusWith(t, ({ jwk }) => ({ keys: [jwk], 'urn:x': 1 })), 200)
})

t.test('RFC 7517, 5: keys of unknown types, or without required members, are ignored', async (t) => {
  const others = [{ kty: 'XYZ' }, { kty: 'RSA', kid: 'key-1' }, { kty: 'EC', crv: 'P-999', x: '', y: '' }, {}]
  t.equal(await statusWith(t, ({ jwk }) => ({ keys: [...others, jwk] })), 200)
})

t.test('RFC 7517, 5.1: keys is a list', async (t) => {
  for (const keys of [undefined, null, {}, 'none'])
    t.equal(await statusWith(t, () => ({ keys })), 503, JSON.stringify(keys))
  t.equal(await statusWith(t, () => ({ keys: [] })), 401)
})

t.test('RFC 7517, 5.1: the order of the keys has no meaning', async (t) => {
  const { issuer, isAccepted } = await startService(t)
  const keys = [issuer.newestKey, await issuer.addKey('key-2'), await issuer.addKey('key-3')]
  issuer.keys = keys.toReversed()
  for (const key of keys) await isAccepted(t, await issuer.sign({}, {}, key), key.kid)
})

t.test('RFC 7517, 9.2: a published private or symmetric key is not trusted', async (t) => {
  t.notOk(await isTrusted(t, ({ jwk, privateKey }) => ({ ...jwk, ...privateKey.export({ format: 'jwk' }) })))
  t.notOk(await isTrusted(t, ({ kid }) => ({ kty: 'oct', kid, k: 'c2VjcmV0' })))
})
