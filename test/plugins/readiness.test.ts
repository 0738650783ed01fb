import t from 'tap'
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

/** What each check says. */
async function results(checks: Map<string, () => void | Promise<void>>) {
  const run = async (check: () => void | Promise<void>) => check()
  return Promise.all(
    [...checks].map(async ([name, check]) => [name, await run(check).catch(({ message }) => message)]),
  )
}

t.test('a process that has just started has nothing against requests', async (t) => {
  const { readinessChecks } = await buildApp(t, await TestIssuer.start(t))
  t.strictSame(await results(readinessChecks), [
    ['process', undefined],
    ['load', undefined],
    ['store', undefined],
  ])
})

t.test('draining says so, for good', async (t) => {
  const { readinessChecks, startDraining } = await buildApp(t, await TestIssuer.start(t))
  startDraining()
  startDraining()
  t.strictSame(await results(readinessChecks), [
    ['process', 'shutting down'],
    ['load', undefined],
    ['store', undefined],
  ])
})

t.test('a blocked event loop is overload until it runs freely again', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  const { readinessChecks, isUnderPressure } = app
  const block = new Int32Array(new SharedArrayBuffer(4))
  while (!isUnderPressure()) {
    Atomics.wait(block, 0, 0, 1_500)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  t.strictSame(await results(readinessChecks), [
    ['process', undefined],
    ['load', 'overloaded'],
    ['store', undefined],
  ])
  t.equal((await app.inject('/livez')).statusCode, 200, 'who comes all the same is served')
  while (isUnderPressure()) await new Promise((resolve) => setTimeout(resolve, 10))
  t.strictSame(await results(readinessChecks), [
    ['process', undefined],
    ['load', undefined],
    ['store', undefined],
  ])
})
