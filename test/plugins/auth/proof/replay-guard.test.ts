import t from 'tap'
import { ReplayGuard } from '../../../../src/plugins/auth/proof/replay-guard.ts'

const LIFETIME_MS = 120_000

t.test('a proof is new once, until it expires', async (t) => {
  const guard = new ReplayGuard()
  t.equal(guard.isNew('key', 'jti', LIFETIME_MS, 0), true)
  t.equal(guard.isNew('key', 'jti', LIFETIME_MS, LIFETIME_MS - 1), false)
  t.equal(guard.isNew('key', 'jti', LIFETIME_MS, LIFETIME_MS), true)
  t.equal(guard.isNew('other key', 'jti', LIFETIME_MS, LIFETIME_MS), true)
  t.equal(guard.isNew('key', 'jti', 3 * LIFETIME_MS, LIFETIME_MS), false, 'with another lifetime, too')
  t.equal(guard.isShared, false)
})

t.test('ten thousand replays do not grow the memory, and expired proofs leave it', async (t) => {
  const guard = new ReplayGuard()
  guard.isNew('key', 'jti', LIFETIME_MS, 0)
  const verdicts = Array.from({ length: 10_000 }, (_, i) => guard.isNew('key', 'jti', LIFETIME_MS, i / 1000))
  t.notOk(verdicts.includes(true))
  t.equal(guard.size, 1)
  for (let i = 0; i < 1000; i++) guard.isNew('key', `jti ${i}`, LIFETIME_MS, 1)
  t.equal(guard.size, 1001)
  guard.isNew('key', 'late', LIFETIME_MS, LIFETIME_MS + 1)
  t.equal(guard.size, 1)
})

t.test('a full memory is 503, and accepts nothing unseen', async (t) => {
  const guard = new ReplayGuard(2)
  guard.isNew('key', '1', LIFETIME_MS, 0)
  guard.isNew('key', '2', LIFETIME_MS, 1)
  t.throws(() => guard.isNew('key', '3', LIFETIME_MS, 2), {
    code: 'overloaded',
    statusCode: 503,
    headers: { 'retry-after': '120' },
  })
  t.equal(guard.isNew('key', '1', LIFETIME_MS, 2), false, 'a known proof is still known')
  t.equal(guard.isNew('key', '3', LIFETIME_MS, LIFETIME_MS), true)
})

t.test('a shared store is asked about proofs that this process has not seen', async (t) => {
  const guard = new ReplayGuard()
  const asked: string[] = []
  let isAvailable = true
  guard.share(
    async (key, lifetimeMs) => {
      asked.push(key)
      return lifetimeMs === LIFETIME_MS
    },
    () => isAvailable,
  )
  t.equal(await guard.isNew('key', 'jti', LIFETIME_MS, 0), true)
  t.equal(await guard.isNew('key', 'jti', LIFETIME_MS, 0), false)
  t.equal(await guard.isNew('key', 'other', 1, 0), false, 'another process has seen it')
  t.equal(asked.length, 2)
  for (const key of asked) t.match(key, /^[\w-]{22}$/)
  t.equal(guard.isShared, true)
  isAvailable = false
  t.equal(guard.isShared, false)
})
