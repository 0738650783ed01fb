import t from 'tap'
import { LocalStore } from '../../../src/plugins/rate-limit/local-store.ts'

t.test('counts are kept by key, also for the routes of a scope', async (t) => {
  const store = new LocalStore()
  const counts: number[] = []
  const count = (key: string, of = store) =>
    of.incr(key, (_error, { current }) => counts.push(current), 1_000)
  count('a')
  count('b')
  count('a', store.child() as LocalStore)
  t.strictSame(counts, [1, 1, 2])
})
