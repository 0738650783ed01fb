import t from 'tap'
import { respondWith } from '../../../src/plugins/auth/pick-key.ts'

t.test('the dispatcher answers the handlers of undici 6 and of later versions', async (t) => {
  for (const names of [
    ['onConnect', 'onHeaders', 'onData', 'onComplete'],
    ['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd'],
  ]) {
    const calls: string[] = []
    const bodies: string[] = []
    const handler = Object.fromEntries(
      names.map((name) => [
        name,
        (...values: unknown[]) => {
          calls.push(name)
          bodies.push(...values.filter((value) => Buffer.isBuffer(value)).map(String))
          for (const value of values) {
            if (typeof value === 'function') value()
            if (name === 'onRequestStart') for (const call of Object.values(values[0] as object)) call()
          }
        },
      ]),
    )
    respondWith({ keys: [] }).dispatch(
      {},
      handler as Parameters<ReturnType<typeof respondWith>['dispatch']>[1],
    )
    t.strictSame([calls, bodies], [names, ['{"keys":[]}']])
  }
})
