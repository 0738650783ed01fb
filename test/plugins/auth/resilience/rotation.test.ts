import t from 'tap'
import { MISS_COOLDOWN_MS } from '../../../../src/plugins/auth/key-set.ts'
import { moveClock } from '../../../helpers/clock.ts'
import { startService } from '../../../helpers/service.ts'

t.test('each of several new keys is usable at once, and the earlier ones stay usable', async (t) => {
  const { issuer, status } = await startService(t)
  const tokens = [await issuer.sign()]
  t.equal(await status(tokens[0] as string), 200)
  for (const kid of ['key-2', 'key-3', 'key-4']) {
    await issuer.addKey(kid)
    tokens.push(await issuer.sign())
    for (const token of tokens.toReversed()) t.equal(await status(token), 200, kid)
  }
  t.equal(issuer.keySetRequests, 4, 'one download per key')
})

t.test(
  'a removed key is dropped with the next download, for cached and new tokens, and can return',
  async (t) => {
    const { issuer, status } = await startService(t)
    const clock = moveClock(t)
    const key = issuer.newestKey
    const seen = await issuer.sign()
    t.equal(await status(seen), 200)
    issuer.keys = []
    await issuer.addKey('key-2')
    const other = await issuer.sign()
    t.equal(await status(other), 200, 'the new key causes a download')
    t.equal(await status(seen), 401, 'the download drops the old key')
    t.equal(await status(await issuer.sign({ jti: 'unseen' }, {}, key)), 401)
    issuer.keys.push(key)
    clock.set(MISS_COOLDOWN_MS)
    t.equal(await status(seen), 200)
    t.equal(await status(other), 200)
  },
)

t.test('another key with the kid of a removed one is used at once', async (t) => {
  const { issuer, status } = await startService(t)
  const before = await issuer.sign()
  t.equal(await status(before), 200)
  issuer.keys = []
  await issuer.addKey('key-1')
  t.equal(await status(await issuer.sign()), 200)
  t.equal(await status(before), 401)
  t.equal(issuer.keySetRequests, 2)
})

t.test('wrong signatures cause one download in 30 seconds', async (t) => {
  const { issuer, status } = await startService(t)
  const clock = moveClock(t)
  const good = await issuer.sign()
  const [header, payload] = good.split('.')
  const forged = async () =>
    `${header}.${payload}.${(await issuer.sign({ jti: Math.random() })).split('.')[2]}`
  t.equal(await status(good), 200)
  for (let i = 0; i < 10; i++) t.equal(await status(await forged()), 401)
  t.equal(issuer.keySetRequests, 2)
  clock.set(MISS_COOLDOWN_MS)
  t.equal(await status(await forged()), 401)
  t.equal(issuer.keySetRequests, 3)
  await issuer.stop()
  clock.set(2 * MISS_COOLDOWN_MS)
  t.equal(await status(await forged()), 401, 'the key is known: a failing issuer does not make it 503')
  t.equal(await status(good), 200)
})
