import { generateKeyPairSync } from 'node:crypto'
import t, { type Test } from 'tap'
import { FAILURE_COOLDOWN_MS, FRESH_MS } from '../../../../src/plugins/auth/key-set.ts'
import { moveClock } from '../../../helpers/clock.ts'
import type { IssuerKey } from '../../../helpers/issuer.ts'
import { startService } from '../../../helpers/service.ts'

const both = { AUTH_ALGORITHMS: 'RS256,ES256' }

/** Starts a service whose issuer publishes the key `good` and the given ones. */
async function startBeside(t: Test, publish: (key: IssuerKey) => object[]) {
  const service = await startService(t, both, {}, async (issuer) => {
    const good = issuer.newestKey
    issuer.keySet = { keys: [...publish(await issuer.addKey('other')), good.jwk] }
  })
  const { issuer, status } = service
  const [good, key] = issuer.keys as [IssuerKey, IssuerKey]
  const sign = (header: object = {}) => issuer.signRaw(issuer.header(header, key), issuer.claims(), key)
  return { ...service, key, sign, statusOfGood: async () => status(await issuer.sign({}, {}, good)) }
}

t.test('each of a hundred keys is found with one download', async (t) => {
  const { issuer, status } = await startService(t, both, {}, async (issuer) => {
    for (let index = 0; index < 99; index++) await issuer.addKey(`key-${index}`, 'ES256')
  })
  for (const key of issuer.keys.filter((_, index) => index % 25 === 0))
    t.equal(await status(await issuer.sign({}, {}, key)), 200, key.kid)
  t.equal(issuer.keySetRequests, 1)
})

t.test('an empty key set counts as a failed download', async (t) => {
  const { issuer, status } = await startService(t, {}, {}, (issuer) => {
    issuer.keySet = { keys: [] }
  })
  const clock = moveClock(t)
  const token = await issuer.sign()
  t.equal(await status(token), 503)
  issuer.keySet = undefined
  clock.set(FAILURE_COOLDOWN_MS)
  t.equal(await status(token), 200)
  issuer.keySet = { keys: [] }
  clock.set(FRESH_MS + FAILURE_COOLDOWN_MS)
  t.equal(await status(token), 200, 'starts the renewal')
  t.equal(await status(await issuer.sign({}, { kid: 'unknown' })), 503, 'waits for the renewal')
  t.equal(await status(token), 200, 'the known keys stay in use')
})

t.test('an unusable key is ignored, and the other keys stay usable', async (t) => {
  const unfit: Record<string, (key: IssuerKey) => object> = {
    'for encryption': ({ jwk }) => ({ ...jwk, use: 'enc' }),
    'for other operations': ({ jwk }) => ({ ...jwk, key_ops: ['encrypt', 'wrapKey'] }),
    'for operations that are not a list': ({ jwk }) => ({ ...jwk, key_ops: 'verify' }),
    'for another algorithm': ({ jwk }) => ({ ...jwk, alg: 'RS512' }),
    'for encryption by its algorithm': ({ jwk }) => ({ ...jwk, alg: 'RSA-OAEP' }),
    'of an unknown type': ({ jwk }) => ({ ...jwk, kty: 'XYZ' }),
    'of no type': ({ jwk }) => ({ ...jwk, kty: undefined }),
    'of another case': ({ jwk }) => ({ ...jwk, kty: 'rsa' }),
    'without modulus': ({ jwk }) => ({ ...jwk, n: undefined }),
    'with an exponent of one': ({ jwk }) => ({ ...jwk, e: 'AQ' }),
    symmetric: ({ jwk }) => ({ kty: 'oct', k: jwk.n, kid: jwk.kid, alg: 'HS256' }),
    private: ({ jwk, privateKey }) => ({ ...jwk, ...privateKey.export({ format: 'jwk' }) }),
    'of text instead of numbers': ({ jwk }) => ({ ...jwk, n: '!', e: '?' }),
  }
  for (const [name, change] of Object.entries(unfit)) {
    await t.test(name, async (t) => {
      const { status, sign, statusOfGood } = await startBeside(t, (key) => [change(key)])
      t.equal(await status(sign()), 401)
      t.equal(await statusOfGood(), 200)
    })
  }

  await t.test('of 1024 bits', async (t) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const weak = publicKey.export({ format: 'jwk' })
    const { key, issuer, status, statusOfGood } = await startBeside(t, ({ jwk }) => [{ ...jwk, ...weak }])
    const token = issuer.signRaw(issuer.header({}, key), issuer.claims(), { ...key, privateKey })
    t.equal(await status(token), 401)
    t.equal(await statusOfGood(), 200)
  })

  await t.test('of another curve', async (t) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const curve = { ...publicKey.export({ format: 'jwk' }), kid: 'other' }
    const { key, issuer, status, statusOfGood } = await startBeside(t, () => [curve])
    const signing = { ...key, privateKey, algorithm: 'ES256' }
    t.equal(await status(issuer.signRaw(issuer.header({}, signing), issuer.claims(), signing)), 401)
    t.equal(await statusOfGood(), 200)
  })
})

t.test('entries that are not keys are ignored, and the other keys stay usable', async (t) => {
  const { statusOfGood } = await startBeside(t, () => [null, 7, 'key', [], {}] as object[])
  t.equal(await statusOfGood(), 200)
})

t.test('a token without kid needs a key without kid, and a token with kid needs that kid', async (t) => {
  const { status, sign, statusOfGood } = await startBeside(t, ({ jwk }) => [{ ...jwk, kid: undefined }])
  t.equal(await status(sign({ kid: undefined })), 200)
  t.equal(await status(sign()), 401)
  t.equal(await statusOfGood(), 200)
})

t.test('a token without kid is accepted if only one key fits', async (t) => {
  const { issuer, status } = await startService(t)
  t.equal(await status(await issuer.sign({}, { kid: undefined })), 200)
  await issuer.addKey('key-2')
  t.equal(await status(await issuer.sign()), 200, 'downloads the set of two keys')
  t.equal(await status(await issuer.sign({}, { kid: undefined })), 401)
})

t.test('two keys with the same kid and algorithm are ignored', async (t) => {
  const { issuer, status, sign, statusOfGood } = await startBeside(t, ({ jwk }) => {
    const { n, e } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
    return [jwk, { ...jwk, n, e }]
  })
  t.equal(await status(sign()), 401)
  t.equal(await statusOfGood(), 200)
  t.equal(issuer.keySetRequests, 2, 'at the start and for the first token')
})

t.test('of two keys with the same kid, one of them unusable, the other is used', async (t) => {
  const { status, sign, statusOfGood } = await startBeside(t, ({ jwk }) => [jwk, { ...jwk, use: 'enc' }])
  t.equal(await status(sign()), 200)
  t.equal(await statusOfGood(), 200)
})

t.test('two keys with the same kid and different algorithms are both used', async (t) => {
  const { issuer, status } = await startService(t, both)
  const keys = [issuer.newestKey, await issuer.addKey('key-1', 'ES256')]
  for (const key of keys) t.equal(await status(await issuer.sign({}, {}, key)), 200, key.algorithm)
})
