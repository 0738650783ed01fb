import { createDecoder } from 'fast-jwt'
import t, { type Test } from 'tap'
import { Issuers } from '../../../src/plugins/auth/issuer.ts'
import { FRESH_MS } from '../../../src/plugins/auth/key-set.ts'
import { Verifier } from '../../../src/plugins/auth/verifier.ts'
import { heapUsed } from '../../helpers/heap.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { trustedIssuer } from '../../helpers/trusted-issuer.ts'

async function verifierOf(t: Test, algorithms = ['RS256'], maxCachedTokens = 10_000) {
  const issuer = await TestIssuer.start(t)
  const trusted = trustedIssuer(issuer.url, { algorithms })
  const decode = createDecoder({ complete: true })
  let decoded = 0
  const verifier = new Verifier({
    issuers: new Issuers([trusted]),
    clockToleranceSeconds: 5,
    maxCachedTokens,
    decode: (token) => {
      decoded++
      return decode(token) as unknown as ReturnType<ConstructorParameters<typeof Verifier>[0]['decode']>
    },
  })
  return { issuer, verifier, timesDecoded: () => decoded }
}

/** Verifies the token twice, since it is cached the second time. */
async function cache(verifier: Verifier, token: string) {
  await verifier.verify(token, Date.now())
  return verifier.verify(token, Date.now())
}

t.test('a token is cached when it is verified for the second time', async (t) => {
  const { issuer, verifier, timesDecoded } = await verifierOf(t)
  const token = await issuer.sign({ scope: 'read:messages' })
  const second = await cache(verifier, token)
  t.match(second, { subject: 'auth0|1', scopes: ['read:messages'] })
  t.equal(verifier.verify(token, Date.now()), second, 'the same object, without a promise')
  t.equal(timesDecoded(), 2)
  t.match(await verifier.verify(await issuer.sign({ sub: 'b' }), Date.now()), { subject: 'b' })
  t.equal(issuer.keySetRequests, 1, 'the key was already known')
})

t.test('other claims with the signature of a cached token are rejected', async (t) => {
  const { issuer, verifier } = await verifierOf(t)
  const known = await issuer.sign({ sub: 'member' })
  await cache(verifier, known)
  const [header, , signature] = known.split('.')
  const [, claims] = (await issuer.sign({ sub: 'admin' })).split('.')
  await t.rejects(async () => verifier.verify(`${header}.${claims}.${signature}`, Date.now()), {
    code: 'invalid_token',
  })
  t.match(verifier.verify(known, Date.now()), { subject: 'member' })
})

t.test('a cached token still expires', async (t) => {
  const { issuer, verifier } = await verifierOf(t)
  const token = await issuer.sign()
  await cache(verifier, token)
  t.throws(() => verifier.verify(token, Date.now() + 3_606_000), { message: 'token is expired' })
  t.throws(
    () => verifier.verify(token, Date.now() - 60_000),
    { code: 'invalid_token' },
    'before it was issued',
  )
})

t.test('a cached token is dropped with its key', async (t) => {
  const { issuer, verifier } = await verifierOf(t)
  const token = await issuer.sign()
  await cache(verifier, token)
  issuer.keys = []
  await issuer.addKey('key-2')
  const later = Date.now() + FRESH_MS
  t.ok(verifier.verify(token, later), 'until the key set is renewed')
  const other = verifier.verify(await issuer.sign(), later)
  t.ok(await other, 'the new key is known')
  t.throws(
    () => {
      const outcome = verifier.verify(token, later)
      if (!(outcome instanceof Promise)) return outcome
      outcome.catch(() => {})
      throw Object.assign(new Error('asks the issuer'), { code: 'asks' })
    },
    { code: 'asks' },
  )
  await t.rejects(async () => verifier.verify(token, later), { code: 'invalid_token' })
})

t.test('malformed and forged tokens are rejected every time', async (t) => {
  const { issuer, verifier } = await verifierOf(t)
  const good = await issuer.sign()
  await cache(verifier, good)
  const impostor = await issuer.addKey('key-1')
  issuer.removeKey('key-1')
  const forged = await issuer.sign({}, {}, impostor)
  const [header, payload, signature] = good.split('.')
  for (const token of [
    'x',
    'a.b.c',
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `${header}..${signature}`,
    `.${payload}.${signature}`,
    `${good}abc`,
    `${good}.${signature}`,
    `${header}.${Buffer.from('[]').toString('base64url')}.${signature}`,
    `${Buffer.from('null').toString('base64url')}.${payload}.${signature}`,
    forged,
  ]) {
    for (let i = 0; i < 2; i++) {
      await t.rejects(async () => verifier.verify(token, Date.now()), {
        statusCode: 401,
        message: 'Unable to parse authentication',
      })
    }
  }
  t.ok(verifier.verify(good, Date.now()))
})

t.test('a token is accepted in one encoding only, and that in UTF-8', async (t) => {
  const { issuer, verifier } = await verifierOf(t)
  const claims = issuer.claims({ sub: 'Zoë' })
  const good = issuer.signRaw(issuer.header(), claims)
  t.match(await cache(verifier, good), { subject: 'Zoë' })
  const latin1 = issuer.signRaw(issuer.header(), Buffer.from(JSON.stringify(claims), 'latin1'))
  // The last letter of 256 encoded bytes has four unused bits
  const sameBytes = good.slice(0, -1) + String.fromCharCode(good.charCodeAt(good.length - 1) + 1)
  const signatureOf = (token: string) => Buffer.from(token.split('.')[2] as string, 'base64url')
  t.strictSame(signatureOf(sameBytes), signatureOf(good))
  for (const token of [latin1, sameBytes])
    await t.rejects(async () => verifier.verify(token, Date.now()), { code: 'invalid_token' })
})

t.test('an unavailable issuer is not cached as a rejection', async (t) => {
  const { issuer, verifier } = await verifierOf(t)
  const token = await issuer.sign()
  await issuer.stop()
  await t.rejects(async () => verifier.verify(token, Date.now()), { code: 'issuer_unavailable' })
  await issuer.listen()
  t.ok(await verifier.verify(token, Date.now() + 6000))
})

t.test('the number of cached tokens is bounded, and the least recently used is evicted first', async (t) => {
  const { issuer, verifier, timesDecoded } = await verifierOf(t, ['RS256'], 3)
  const [first, second] = [await issuer.sign({ n: 'first' }), await issuer.sign({ n: 'second' })]
  await cache(verifier, first)
  await cache(verifier, second)
  for (let n = 0; n < 2; n++) {
    await cache(verifier, await issuer.sign({ n }))
    verifier.verify(first, Date.now())
  }
  t.equal(verifier.cacheSize, 3)
  const before = timesDecoded()
  verifier.verify(first, Date.now())
  t.equal(timesDecoded(), before, 'the token in use is cached')
  verifier.verify(second, Date.now())
  t.equal(timesDecoded(), before + 1, 'the other was evicted, and is verified again')
})

t.test('the cache is bounded by the memory of the claims, not by the length of their text', async (t) => {
  const { issuer, verifier } = await verifierOf(t, ['ES256'])
  await issuer.addKey('fast', 'ES256')
  const extra = Array.from({ length: 2_700 }, () => ({}))
  const before = heapUsed()
  for (let jti = 0; jti < 700; jti++) await cache(verifier, await issuer.sign({ jti, extra }))
  const grown = heapUsed() - before
  t.ok(verifier.cacheSize > 50, `${verifier.cacheSize} tokens are cached`)
  t.ok(grown < 48 * 1_048_576, `${grown} bytes are kept`)
})

t.test('the memory of the cache grows with a maximum above ten thousand tokens, and not below', async (t) => {
  const sizeWith = async (maxCachedTokens: number, count: number) => {
    const { issuer, verifier } = await verifierOf(t, ['ES256'], maxCachedTokens)
    await issuer.addKey('fast', 'ES256')
    const extra = Array.from({ length: 10_000 }, () => ({})) // about 700 KB, so that 32 MiB are 47 tokens
    for (let jti = 0; jti < count; jti++) await cache(verifier, await issuer.sign({ jti, extra }))
    return verifier.cacheSize
  }
  const usual = await sizeWith(10_000, 60)
  t.ok(usual > 20 && usual < 60, `${usual} tokens`)
  t.equal(await sizeWith(1_000, 60), usual)
  t.ok(Math.abs((await sizeWith(20_000, 110)) - 2 * usual) <= 1)
})

t.test('the cache stats count hits and misses', async (t) => {
  const { issuer, verifier } = await verifierOf(t)
  const token = await issuer.sign()
  const seen = () => [verifier.cacheStats, verifier.cacheSize]
  await verifier.verify(token, Date.now())
  t.strictSame(seen(), [{ hits: 0, misses: 1 }, 0], 'a token that is used once is not cached')
  await verifier.verify(token, Date.now())
  t.strictSame(seen(), [{ hits: 0, misses: 2 }, 1])
  await verifier.verify(token, Date.now())
  t.strictSame(seen(), [{ hits: 1, misses: 2 }, 1])
  await t.rejects(async () => verifier.verify('a.b.c', Date.now()), { code: 'invalid_token' })
  t.throws(() => verifier.verify(token, Date.now() + 2 * 3_600_000), { message: 'token is expired' })
  t.strictSame(seen(), [{ hits: 1, misses: 3 }, 1])
})

t.test(
  'a flood of tokens that are used once evicts no cached token and takes no lasting memory',
  async (t) => {
    const { issuer, verifier } = await verifierOf(t, ['ES256'], 10)
    await issuer.addKey('fast', 'ES256')
    const token = await issuer.sign()
    await cache(verifier, token)
    const extra = Array.from({ length: 2_700 }, () => ({}))
    const before = heapUsed()
    for (let jti = 0; jti < 300; jti++) await verifier.verify(await issuer.sign({ jti, extra }), Date.now())
    const grown = heapUsed() - before
    t.ok(grown < 4 * 1_048_576, `${grown} bytes are kept`)
    const { hits } = verifier.cacheStats
    verifier.verify(token, Date.now())
    t.equal(verifier.cacheStats.hits, hits + 1)
  },
)
