import t from 'tap'
import { CircuitBreaker, COOLDOWN_MS } from '../../../src/plugins/redis/circuit-breaker.ts'

/** Starts with a remote function that succeeds. `calls` counts its calls, `events` lists the state changes. */
function start() {
  const state = { calls: 0, failures: 0, remote: async () => 'remote', events: [] as string[] }
  const breaker = new CircuitBreaker<void, string>({
    remote: () => {
      state.calls++
      return state.remote()
    },
    fallback: async () => 'fallback',
    onFailure: () => state.failures++,
    onOpen: ({ message }) => state.events.push(message),
    onClose: () => state.events.push('closed'),
  })
  const fails = async () => {
    throw new Error('down')
  }
  return { state, fails, call: (now: number) => breaker.call(undefined, now) }
}

t.test('a remote that works is called every time', async (t) => {
  const { state, call } = start()
  t.strictSame(await Promise.all([call(0), call(0), call(1)]), ['remote', 'remote', 'remote'])
  t.equal(state.calls, 3)
  t.strictSame(state.events, [])
})

t.test('after a failure the remote is not called until the cooldown is over', async (t) => {
  const { state, fails, call } = start()
  state.remote = fails
  t.equal(await call(0), 'fallback')
  state.remote = async () => 'remote'
  t.equal(await call(COOLDOWN_MS - 1), 'fallback')
  t.equal(state.calls, 1)
  t.equal(await call(COOLDOWN_MS), 'remote')
  t.equal(state.failures, 1)
  t.strictSame(state.events, ['down', 'closed'])
})

t.test('concurrent and continued failures are reported once', async (t) => {
  const { state, fails, call } = start()
  state.remote = fails
  t.strictSame(await Promise.all([call(0), call(0), call(0)]), ['fallback', 'fallback', 'fallback'])
  t.equal(await call(COOLDOWN_MS), 'fallback')
  t.equal(await call(2 * COOLDOWN_MS), 'fallback')
  t.equal(state.calls, 5)
  t.strictSame(state.events, ['down'])
})

t.test('after the cooldown one call tries the remote, and the others do not wait for it', async (t) => {
  const { state, fails, call } = start()
  state.remote = fails
  await call(0)
  const { promise, resolve } = Promise.withResolvers<string>()
  state.remote = () => promise
  const trial = call(COOLDOWN_MS)
  t.strictSame(await Promise.all([call(COOLDOWN_MS), call(COOLDOWN_MS + 1)]), ['fallback', 'fallback'])
  resolve('remote')
  t.equal(await trial, 'remote')
  t.equal(state.calls, 2)
  t.equal(await call(COOLDOWN_MS + 2), 'remote')
})

t.test('a late result of a call from before the failure does not close the circuit', async (t) => {
  const { state, fails, call } = start()
  const { promise, resolve } = Promise.withResolvers<string>()
  state.remote = () => promise
  const late = call(0)
  state.remote = fails
  await call(1)
  resolve('remote')
  t.equal(await late, 'remote')
  t.equal(await call(2), 'fallback')
  t.strictSame(state.events, ['down'])
})
