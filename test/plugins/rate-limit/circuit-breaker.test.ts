import t from 'tap'
import { Fallback, PAUSE_MS } from '../../../src/plugins/rate-limit/circuit-breaker.ts'

/** What is elsewhere answers when `remote` says so; `asked` counts how often it was asked. */
function start() {
  const state = { asked: 0, remote: async () => 'remote', told: [] as string[] }
  const fallback = new Fallback<void, string>({
    remote: () => {
      state.asked++
      return state.remote()
    },
    own: async () => 'own',
    onFailure: ({ message }) => state.told.push(message),
    onRecovery: () => state.told.push('recovered'),
  })
  const fails = async () => {
    throw new Error('down')
  }
  return { state, fails, ask: (now: number) => fallback.ask(undefined, now) }
}

t.test('what answers is asked every time', async (t) => {
  const { state, ask } = start()
  t.strictSame(await Promise.all([ask(0), ask(0), ask(1)]), ['remote', 'remote', 'remote'])
  t.equal(state.asked, 3)
  t.strictSame(state.told, [])
})

t.test('after a failure nobody asks until the pause is over', async (t) => {
  const { state, fails, ask } = start()
  state.remote = fails
  t.equal(await ask(0), 'own')
  state.remote = async () => 'remote'
  t.equal(await ask(PAUSE_MS - 1), 'own')
  t.equal(state.asked, 1)
  t.equal(await ask(PAUSE_MS), 'remote')
  t.strictSame(state.told, ['down', 'recovered'])
})

t.test('many failures at once, and failures that go on, are told once', async (t) => {
  const { state, fails, ask } = start()
  state.remote = fails
  t.strictSame(await Promise.all([ask(0), ask(0), ask(0)]), ['own', 'own', 'own'])
  t.equal(await ask(PAUSE_MS), 'own')
  t.equal(await ask(2 * PAUSE_MS), 'own')
  t.equal(state.asked, 5)
  t.strictSame(state.told, ['down'])
})

t.test('after the pause one asks, and the others do not wait for the answer', async (t) => {
  const { state, fails, ask } = start()
  state.remote = fails
  await ask(0)
  const { promise, resolve } = Promise.withResolvers<string>()
  state.remote = () => promise
  const trial = ask(PAUSE_MS)
  t.strictSame(await Promise.all([ask(PAUSE_MS), ask(PAUSE_MS + 1)]), ['own', 'own'])
  resolve('remote')
  t.equal(await trial, 'remote')
  t.equal(state.asked, 2)
  t.equal(await ask(PAUSE_MS + 2), 'remote')
})

t.test('an answer that comes late to a question from before the failure ends no pause', async (t) => {
  const { state, fails, ask } = start()
  const { promise, resolve } = Promise.withResolvers<string>()
  state.remote = () => promise
  const late = ask(0)
  state.remote = fails
  await ask(1)
  resolve('remote')
  t.equal(await late, 'remote')
  t.equal(await ask(2), 'own')
  t.strictSame(state.told, ['down'])
})
