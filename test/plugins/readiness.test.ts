import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { SAMPLE_MS } from '../../src/plugins/readiness.ts'
import { buildApp, listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

/** Returns the error message of each check. */
async function results(checks: Map<string, () => void | Promise<void>>) {
  const run = async (check: () => void | Promise<void>) => check()
  return Promise.all(
    [...checks].map(async ([name, check]) => [name, await run(check).catch(({ message }) => message)]),
  )
}

t.test('all checks pass after the start', async (t) => {
  const { readinessChecks } = await buildApp(t, await TestIssuer.start(t))
  t.strictSame(await results(readinessChecks), [
    ['process', undefined],
    ['load', undefined],
    ['store', undefined],
  ])
})

t.test('after startDraining the process check fails', async (t) => {
  const { readinessChecks, startDraining } = await buildApp(t, await TestIssuer.start(t))
  startDraining()
  startDraining()
  t.strictSame(await results(readinessChecks), [
    ['process', 'shutting down'],
    ['load', undefined],
    ['store', undefined],
  ])
})

/** Slows down every turn of the event loop until the end of the test. */
function slowDown(t: Test, turnMs: number) {
  const block = new Int32Array(new SharedArrayBuffer(4))
  let immediate: NodeJS.Immediate
  const turn = () => {
    Atomics.wait(block, 0, 0, turnMs)
    immediate = setImmediate(turn)
  }
  turn()
  const stop = () => clearImmediate(immediate)
  t.teardown(stop)
  return stop
}

t.test(
  'a slow event loop is overload: requests are rejected until it recovers, and probes report it',
  async (t) => {
    const issuer = await TestIssuer.start(t)
    const origin = 'https://app.example'
    const app = await listen(t, issuer, { environment: { CLIENT_ORIGIN_URL: origin }, rejectsOverload: true })
    const authorization = `Bearer ${await issuer.sign()}`
    const get = (path: string) => fetch(`${app.url}${path}`, { headers: { authorization, origin } })
    const transitions = () =>
      app.logLines.filter(({ msg }) => /overloaded/.test(msg)).map(({ level }) => level)
    t.equal((await get('/api/private')).status, 200)

    const stop = slowDown(t, 400)
    while (transitions().length === 0) await delay(10)
    for (const path of ['/api/private', '/api/public', '/unknown']) {
      const refused = await get(path)
      t.equal(refused.status, 503, path)
      t.equal(refused.headers.get('retry-after'), '2')
      t.equal(refused.headers.get('access-control-allow-origin'), origin)
      t.equal(refused.headers.get('x-content-type-options'), 'nosniff')
      t.same(await refused.json(), {
        statusCode: 503,
        code: 'overloaded',
        error: 'Service Unavailable',
        message: 'The service is overloaded',
      })
    }
    t.equal((await get('/livez')).status, 200)
    const readiness = await get('/readyz')
    t.equal(readiness.status, 503)
    t.match(await readiness.json(), { status: 'unready', checks: { process: 'ok', load: 'overloaded' } })
    t.strictSame(transitions(), [40], 'logged once for all rejected requests')

    stop()
    while (transitions().length === 1) await delay(10)
    t.equal((await get('/api/private')).status, 200)
    t.equal((await get('/readyz')).status, 200)
    t.strictSame(transitions(), [40, 30])
  },
)

t.test('a single long pause, like a garbage collection, is not overload', async (t) => {
  const app = await listen(t, await TestIssuer.start(t), { rejectsOverload: true })
  await delay(SAMPLE_MS + 500)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SAMPLE_MS + 500)
  const statuses: number[] = []
  for (const until = performance.now() + 2.5 * SAMPLE_MS; performance.now() < until; await delay(50))
    statuses.push((await fetch(`${app.url}/api/public`)).status)
  t.strictSame(new Set(statuses), new Set([200]))
})

t.test('a slow start is not overload', async (t) => {
  const app = await listen(t, await TestIssuer.start(t), {
    rejectsOverload: true,
    extend: async () => {
      const stop = slowDown(t, 500)
      await delay(3_000)
      stop()
    },
  })
  const until = performance.now() + 2_500
  while (performance.now() < until) {
    t.equal((await fetch(`${app.url}/api/public`)).status, 200)
    await delay(100)
  }
})
