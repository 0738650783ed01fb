import t, { type Test } from 'tap'
import { FAILURE_COOLDOWN_MS, FRESH_MS, MISS_COOLDOWN_MS } from '../../../../src/plugins/auth/key-set.ts'
import { moveClock } from '../../../helpers/clock.ts'
import { startService } from '../../../helpers/service.ts'

const DAY_MS = 24 * 3_600_000
const DAY_SECONDS = 24 * 3600

/** Starts a service and signs tokens that stay valid during the jumps. */
async function start(t: Test) {
  const { issuer, status } = await startService(t)
  const clock = moveClock(t)
  const now = Math.floor(Date.now() / 1000)
  const sign = (jti: number) => issuer.sign({ jti, iat: undefined, exp: now + 100 * DAY_SECONDS })
  const token = await sign(0)
  t.equal(await status(token), 200)
  return { issuer, status, clock, sign, token }
}

t.test('a clock that jumps forward by a day causes a new download and rejects no valid token', async (t) => {
  const { issuer, status, clock, sign, token } = await start(t)
  clock.set(DAY_MS)
  t.equal(await status(token), 200)
  t.equal(await status(await sign(1)), 200)
  t.equal(issuer.keySetRequests, 2)
})

t.test('a clock that jumps forward by a day leaves no key while the issuer is unavailable', async (t) => {
  const { issuer, status, clock, token } = await start(t)
  await issuer.stop()
  clock.set(DAY_MS)
  t.equal(await status(token), 503)
  clock.set(0)
  t.equal(await status(token), 200, 'the clock is corrected')
  await issuer.listen()
  clock.set(DAY_MS + FAILURE_COOLDOWN_MS)
  t.equal(await status(token), 200)
})

t.test(
  'a clock that jumps back by a day rejects no valid token, and a removed key is still dropped',
  async (t) => {
    const { issuer, status, clock, sign, token } = await start(t)
    clock.set(-DAY_MS)
    t.equal(await status(token), 200)
    t.equal(await status(await sign(1)), 200)
    issuer.removeKey('key-1')
    await issuer.addKey('key-2')
    clock.set(-DAY_MS + FRESH_MS)
    t.equal(await status(token), 200, 'starts the renewal without waiting')
    t.equal(await status(await sign(2)), 200, 'waits for the renewal')
    t.equal(await status(token), 401)
  },
)

t.test('a clock that jumps back ends the cooldowns, so that no new key waits for a day', async (t) => {
  const { issuer, status, clock, sign } = await start(t)
  t.equal(await status(await issuer.sign({}, { kid: 'invented' })), 401)
  await issuer.addKey('key-2')
  const token = await sign(1)
  t.equal(await status(token), 401, 'during the cooldown')
  clock.set(-DAY_MS)
  t.equal(await status(token), 200)
  await issuer.addKey('key-3')
  await issuer.stop()
  const next = await sign(2)
  t.equal(await status(next), 503)
  await issuer.listen()
  clock.set(-2 * DAY_MS)
  t.equal(await status(next), 200, 'after a failure')
})

t.test('a clock that jumps repeatedly causes at most one download per jump', async (t) => {
  const { issuer, status, clock, token } = await start(t)
  for (let turn = 0; turn < 10; turn++) {
    clock.set(turn % 2 === 0 ? -DAY_MS : DAY_MS)
    for (let request = 0; request < 5; request++) t.equal(await status(token), 200)
  }
  t.ok(issuer.keySetRequests <= 11, `${issuer.keySetRequests} fetches`)
})

t.test('a token is rejected while the clock is a day ahead or behind', async (t) => {
  const { issuer, status, clock } = await start(t)
  const token = await issuer.sign()
  t.equal(await status(token), 200)
  for (const jump of [DAY_MS, -DAY_MS]) {
    clock.set(jump)
    t.equal(await status(token), 401)
  }
  clock.set(MISS_COOLDOWN_MS)
  t.equal(await status(token), 200)
})
