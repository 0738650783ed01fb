import { Histogram, Registry } from 'prom-client'
import t from 'tap'
import { addHistogram } from '../../../src/plugins/metrics/histogram.ts'

const options = {
  name: 'lag_seconds',
  help: 'How late',
  labelNames: ['who', 'where'],
  buckets: [0.1, 0.5, 1],
}

t.test('it says what the histogram of prom-client says of the same values', async (t) => {
  const ours = new Registry()
  const theirs = new Registry()
  const observe = addHistogram(ours, options)
  const reference = new Histogram({ ...options, buckets: [...options.buckets], registers: [theirs] })
  t.equal(await ours.metrics(), await theirs.metrics(), 'before the first value')
  for (const [value, who, where] of [
    [0, 'a', 'x'],
    [0.1, 'a', 'x'],
    [0.100001, 'a', 'y'],
    [0.7, 'b', 'x'],
    [1, 'b', 'x'],
    [1e6, 'b', 'x'],
    [0.2, 'a', 'x'],
  ] as const) {
    observe(value, who, where)
    reference.observe({ who, where }, value)
  }
  t.equal(await ours.metrics(), await theirs.metrics())
})

t.test('labels are told apart, whatever they hold', async (t) => {
  const registry = new Registry()
  const observe = addHistogram(registry, options)
  observe(1, 'a', 'b"c\\')
  observe(1, 'ab', '"c\\')
  t.equal((await registry.metrics()).match(/^lag_seconds_count\{.* 1$/gm)?.length, 2)
})
