import { generateKeyPairSync } from 'node:crypto'
import t, { type Test } from 'tap'
import {
  FAILURE_COOLDOWN_MS,
  type FetchOutcome,
  FRESH_MS,
  KeySet,
  MISS_COOLDOWN_MS,
} from '../../../src/plugins/auth/key-set.ts'
import { type SigningKey, toSigningKey } from '../../../src/plugins/auth/signing-key.ts'

const ISSUER = 'https://one.test/'
const MAX_STALE_MS = 24 * 3_600_000
const START = 1_800_000_000_000

const newKey = (kid: string) => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return toSigningKey({ ...publicKey.export({ format: 'jwk' }), kid }, 'RS256') as SigningKey
}
const [one, two, three] = [newKey('one'), newKey('two'), newKey('three')]

/** Makes a key set of an issuer that publishes the given keys or fails. */
function keySetOf(published: SigningKey[]) {
  const issuer = { published, isDown: false, fetches: 0, outcomes: [] as FetchOutcome[] }
  const keySet = new KeySet({
    issuer: ISSUER,
    maxStaleMs: MAX_STALE_MS,
    freshMs: FRESH_MS,
    origin: 'fetched',
    fetchKeys: async () => {
      issuer.fetches++
      if (issuer.isDown) throw new Error('down')
      return issuer.published.map((key) => ({ ...key })) // each download imports new objects
    },
    onFetch: (outcome) => issuer.outcomes.push(outcome),
  })
  return { issuer, keySet }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))
const isRejected = (t: Test, asked: Promise<unknown>) =>
  t.rejects(asked, { statusCode: 401, code: 'invalid_token' })
const isUnavailable = (t: Test, asked: Promise<unknown>) =>
  t.rejects(asked, { statusCode: 503, code: 'issuer_unavailable' })

t.test('no key is known before the first download, and every published key after it', async (t) => {
  const { issuer, keySet } = keySetOf([one, two])
  t.equal(keySet.find('RS256', 'one', START), undefined)
  const key = await keySet.fetch('RS256', 'one', START)
  t.equal(keySet.find('RS256', 'one', START), key)
  t.ok(keySet.find('RS256', 'two', START))
  t.equal(issuer.fetches, 1)
  t.same(issuer.outcomes, [{ issuer: ISSUER, keys: 2 }])
})

t.test('a thousand concurrent first look-ups cause one download', async (t) => {
  const { issuer, keySet } = keySetOf([one])
  await Promise.all(Array.from({ length: 1000 }, () => keySet.fetch('RS256', 'one', START)))
  t.equal(issuer.fetches, 1)
})

t.test('a fresh key is used without a download; after that one renewal runs in the background', async (t) => {
  const { issuer, keySet } = keySetOf([one])
  const key = await keySet.fetch('RS256', 'one', START)
  t.ok(keySet.trusts(key, START + FRESH_MS - 1))
  t.equal(issuer.fetches, 1)
  for (let i = 0; i < 100; i++) t.ok(keySet.trusts(key, START + FRESH_MS))
  await settle()
  t.equal(issuer.fetches, 2)
  t.ok(keySet.trusts(key, START + FRESH_MS + 1), 'the key is the same object after the renewal')
  t.equal(issuer.fetches, 2)
})

t.test('a withdrawn key is gone after the next renewal', async (t) => {
  const { issuer, keySet } = keySetOf([one, two])
  const key = await keySet.fetch('RS256', 'one', START)
  issuer.published = [two]
  t.ok(keySet.trusts(key, START + FRESH_MS), 'starts the renewal without waiting')
  await settle()
  t.notOk(keySet.trusts(key, START + FRESH_MS))
  t.equal(keySet.find('RS256', 'one', START + FRESH_MS), undefined)
  t.ok(keySet.find('RS256', 'two', START + FRESH_MS))
})

t.test('another key with the same kid does not replace the trust in the first', async (t) => {
  const { issuer, keySet } = keySetOf([one])
  const key = await keySet.fetch('RS256', 'one', START)
  issuer.published = [{ ...two, name: one.name }]
  keySet.trusts(key, START + FRESH_MS)
  await settle()
  t.notOk(keySet.trusts(key, START + FRESH_MS))
  t.ok(keySet.find('RS256', 'one', START + FRESH_MS))
})

t.test('a new key is usable at once', async (t) => {
  const { issuer, keySet } = keySetOf([one])
  await keySet.fetch('RS256', 'one', START)
  issuer.published = [one, two]
  t.ok(await keySet.fetch('RS256', 'two', START + 1))
  issuer.published = [one, two, three]
  t.ok(await keySet.fetch('RS256', 'three', START + 2))
})

t.test('invented kids cause one download in 30 seconds, which finds new keys', async (t) => {
  const { issuer, keySet } = keySetOf([one])
  await keySet.fetch('RS256', 'one', START)
  issuer.published = [one, two]
  await isRejected(t, keySet.fetch('RS256', 'invented', START))
  for (let i = 0; i < 100; i++)
    await isRejected(t, keySet.fetch('RS256', `invented-${i}`, START + MISS_COOLDOWN_MS - 1))
  t.equal(issuer.fetches, 2)
  t.ok(keySet.find('RS256', 'two', START), 'the flood does not delay the new key')
  await isRejected(t, keySet.fetch('RS256', 'invented', START + MISS_COOLDOWN_MS))
  t.equal(issuer.fetches, 3)
})

t.test('a look-up that joins an unsuccessful download causes one more', async (t) => {
  const { issuer, keySet } = keySetOf([one])
  const first = keySet.fetch('RS256', 'one', START)
  const joining = keySet.fetch('RS256', 'two', START)
  const crowd = Array.from({ length: 100 }, (_, i) => keySet.fetch('RS256', `invented-${i}`, START))
  issuer.published = [one, two]
  await first
  t.ok(await joining)
  await Promise.all(crowd.map((asked) => isRejected(t, asked)))
  t.equal(issuer.fetches, 2)
})

t.test('while the issuer is unavailable', async (t) => {
  await t.test('known keys stay usable up to the limit', async (t) => {
    const { issuer, keySet } = keySetOf([one])
    const key = await keySet.fetch('RS256', 'one', START)
    issuer.isDown = true
    t.ok(keySet.trusts(key, START + FRESH_MS))
    await settle()
    t.ok(keySet.trusts(key, START + MAX_STALE_MS - 1))
    t.match(issuer.outcomes.at(-1), { keys: 1, error: { message: 'down' } })
    await settle()
    t.notOk(keySet.trusts(key, START + MAX_STALE_MS))
    t.equal(keySet.find('RS256', 'one', START + MAX_STALE_MS), undefined)
    await isUnavailable(t, keySet.fetch('RS256', 'one', START + MAX_STALE_MS + FAILURE_COOLDOWN_MS))
  })

  await t.test('a renewal is tried once in 30 seconds', async (t) => {
    const { issuer, keySet } = keySetOf([one])
    const key = await keySet.fetch('RS256', 'one', START)
    issuer.isDown = true
    for (let ms = 0; ms < 60_000; ms += 1000) {
      t.ok(keySet.trusts(key, START + FRESH_MS + ms))
      await settle()
    }
    t.equal(issuer.fetches, 3)
  })

  await t.test('a missing key is 503 during the cooldown, and found after it', async (t) => {
    const { issuer, keySet } = keySetOf([one])
    issuer.isDown = true
    const failure = (now: number) => keySet.fetch('RS256', 'one', now).then(t.fail, (error) => error)
    const first = await failure(START)
    t.match(first, { statusCode: 503, headers: { 'retry-after': '5' }, cause: { message: 'down' } })
    t.match(await failure(START + 3500), { statusCode: 503, headers: { 'retry-after': '2' } })
    t.equal(issuer.fetches, 1)
    issuer.isDown = false
    t.ok(await keySet.fetch('RS256', 'one', START + FAILURE_COOLDOWN_MS))
  })

  await t.test('an unknown kid is 503, too', async (t) => {
    const { issuer, keySet } = keySetOf([one])
    await keySet.fetch('RS256', 'one', START)
    issuer.isDown = true
    await isUnavailable(t, keySet.fetch('RS256', 'two', START + 1))
    await isUnavailable(t, keySet.fetch('RS256', 'two', START + 2))
  })
})

t.test('a key beyond its limit is downloaded again even during the cooldown', async (t) => {
  const { keySet } = keySetOf([one])
  await keySet.fetch('RS256', 'one', START)
  const later = START + MAX_STALE_MS
  await isRejected(t, keySet.fetch('RS256', 'invented', later - 1))
  t.ok(await keySet.fetch('RS256', 'one', later + MAX_STALE_MS))
})

t.test('a clock that is set back neither drops the keys nor keeps them forever', async (t) => {
  const { issuer, keySet } = keySetOf([one])
  const key = await keySet.fetch('RS256', 'one', START)
  t.ok(keySet.trusts(key, START - 3_600_000))
  await settle()
  t.equal(issuer.fetches, 2, 'renewed, because the age of the keys is unknown')
  t.ok(keySet.trusts(key, START - 3_600_000))
  t.equal(issuer.fetches, 2)
})

t.test('an empty key set withdraws all keys', async (t) => {
  const { issuer, keySet } = keySetOf([one])
  const key = await keySet.fetch('RS256', 'one', START)
  issuer.published = []
  keySet.trusts(key, START + FRESH_MS)
  await settle()
  t.notOk(keySet.trusts(key, START + FRESH_MS))
  await isRejected(t, keySet.fetch('RS256', 'one', START + FRESH_MS))
})

t.test('a key set reports its size, its age and the results of its downloads', async (t) => {
  const { issuer, keySet } = keySetOf([one, two])
  const state = (now: number) => [keySet.size, keySet.ageMs(now), keySet.fetches]
  t.strictSame(state(START), [0, undefined, { ok: 0, failed: 0 }])
  await keySet.fetch('RS256', 'one', START)
  t.strictSame(state(START + 1000), [2, 1000, { ok: 1, failed: 0 }])
  issuer.isDown = true
  t.ok(keySet.find('RS256', 'one', START + FRESH_MS))
  await settle()
  t.strictSame(
    state(START + FRESH_MS),
    [2, FRESH_MS, { ok: 1, failed: 1 }],
    'a failure does not change the age',
  )
})

t.test('a token without kid is signed by the key without kid, or else by the only key', async (t) => {
  const { issuer, keySet } = keySetOf([one])
  t.equal((await keySet.fetch('RS256', undefined, START)).name, 'RS256 one')
  t.equal(keySet.find('RS256', undefined, START)?.name, 'RS256 one')
  t.equal(keySet.find('ES256', undefined, START), undefined, 'of another algorithm')
  issuer.published = [one, two]
  const later = START + FRESH_MS
  keySet.find('RS256', 'one', later)
  await settle()
  t.equal(keySet.find('RS256', undefined, later), undefined, 'two keys fit')
  await isRejected(t, keySet.fetch('RS256', undefined, later))
  issuer.published = [one, { ...two, name: 'RS256' }]
  keySet.find('RS256', 'one', later + FRESH_MS)
  await settle()
  t.equal(keySet.find('RS256', undefined, later + FRESH_MS)?.thumbprint, two.thumbprint)
})

t.test('a key that was replaced under its name is found once in 30 seconds', async (t) => {
  const { issuer, keySet } = keySetOf([one])
  const key = await keySet.fetch('RS256', 'one', START)
  t.equal(await keySet.replacement(key, START), undefined, 'the key is the same')
  t.equal(issuer.fetches, 2)
  issuer.published = [{ ...two, name: one.name }]
  t.equal(keySet.replacement(key, START + MISS_COOLDOWN_MS - 1), undefined)
  const replacement = await keySet.replacement(key, START + MISS_COOLDOWN_MS)
  t.equal(replacement?.thumbprint, two.thumbprint)
  t.equal(issuer.fetches, 3)
})

t.test('a key is not looked for again while the issuer fails', async (t) => {
  const { issuer, keySet } = keySetOf([one])
  const key = await keySet.fetch('RS256', 'one', START)
  issuer.isDown = true
  t.equal(await keySet.replacement(key, START), undefined)
  t.equal(keySet.replacement(key, START + FAILURE_COOLDOWN_MS - 1), undefined)
  t.ok(keySet.trusts(key, START), 'the key stays trusted')
  t.equal(issuer.fetches, 2)
})

t.test('keys of an earlier process are used and renewed, unless there are newer ones', async (t) => {
  const { issuer, keySet } = keySetOf([two])
  t.equal(keySet.source, undefined)
  keySet.restore([one], START - 1_000)
  t.strictSame([keySet.source, keySet.jwks, keySet.ageMs(START)], ['kept', [one.jwk], 1_000])
  t.equal(keySet.find('RS256', 'one', START), one)
  await settle()
  t.strictSame([keySet.source, keySet.jwks, issuer.fetches], ['fetched', [two.jwk], 1])
  keySet.restore([one], START)
  t.equal(keySet.find('RS256', 'one', START), undefined)
})
