import t, { type Test } from 'tap'
import type { IssuerKey } from '../helpers/issuer.ts'
import { startService } from '../helpers/service.ts'

/** Tells whether a token is accepted if the issuer publishes this as its only key. */
async function isTrusted(t: Test, publish: (key: IssuerKey) => object, header: object = {}) {
  return (await statusWith(t, (key) => ({ keys: [publish(key)] }), header)) === 200
}

/** Returns the values of a member of the only key with which a token is accepted. */
async function trustedValues<T>(t: Test, name: string, values: T[]): Promise<T[]> {
  const verdicts = await Promise.all(
    values.map((value) => isTrusted(t, ({ jwk }) => ({ ...jwk, [name]: value }))),
  )
  return values.filter((_, index) => verdicts[index])
}

/** Returns the status of a request if the issuer publishes this key set. */
async function statusWith(t: Test, publish: (key: IssuerKey) => object, header: object = {}) {
  const { issuer, status } = await startService(t, {}, {}, (issuer) => {
    issuer.keySet = publish(issuer.newestKey)
  })
  return status(await issuer.sign({}, header))
}

t.test('RFC 7517, 4: unknown members of a key are ignored', async (t) => {
  t.ok(await isTrusted(t, ({ jwk }) => ({ ...jwk, 'urn:x': { y: 1 }, nbf: 0 })))
})

t.test('RFC 7517, 4.1: kty is present and case-sensitive', async (t) => {
  t.strictSame(await trustedValues(t, 'kty', [undefined, 'rsa', 'EC', 'oct', 7, 'RSA']), ['RSA'])
})

t.test('RFC 7517, 4.2: a key for encryption is not used, and a key without use is', async (t) => {
  const uses = ['enc', 'SIG', '', 7, 'sig', undefined]
  t.strictSame(await trustedValues(t, 'use', uses), ['sig', undefined])
})

t.test('RFC 7517, 4.3: key_ops, if present, is a list without duplicates that contains verify', async (t) => {
  const untrusted = [[], ['sign'], ['encrypt'], ['VERIFY'], ['verify', 'verify'], 'verify', null]
  const trusted = [undefined, ['verify'], ['sign', 'verify']]
  t.strictSame(await trustedValues(t, 'key_ops', [...untrusted, ...trusted]), trusted)
})

t.test('RFC 7517, 4.4: a key with alg is used with no other algorithm', async (t) => {
  const algorithms = ['RS512', 'PS256', 'RSA-OAEP', 'rs256', '', 'RS256', undefined]
  t.strictSame(await trustedValues(t, 'alg', algorithms), ['RS256', undefined])
})

t.test('RFC 7517, 4.5: a key is found by its case-sensitive kid', async (t) => {
  t.notOk(await isTrusted(t, ({ jwk }) => ({ ...jwk, kid: 'KEY-1' })))
  t.ok(await isTrusted(t, ({ jwk }) => jwk))
  t.ok(await isTrusted(t, ({ jwk }) => ({ ...jwk, kid: undefined }), { kid: undefined }), 'without kid')
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
  t.equal(await statusWith(t, () => ({ keys: [] })), 503, 'an empty list is a mistake of the issuer')
})

t.test('RFC 7517, 5.1: the order of the keys has no meaning', async (t) => {
  const { issuer, isAccepted } = await startService(t)
  const keys = [issuer.newestKey, await issuer.addKey('key-2'), await issuer.addKey('key-3')]
  issuer.keys = keys.toReversed()
  await isAccepted(t, await Promise.all(keys.map((key) => issuer.sign({}, {}, key))))
})

t.test('RFC 7517, 9.2: a published private or symmetric key is not trusted', async (t) => {
  t.notOk(await isTrusted(t, ({ jwk, privateKey }) => ({ ...jwk, ...privateKey.export({ format: 'jwk' }) })))
  t.notOk(await isTrusted(t, ({ kid }) => ({ kty: 'oct', kid, k: 'c2VjcmV0' })))
})
