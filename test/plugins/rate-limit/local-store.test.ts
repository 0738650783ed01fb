import t from 'tap'
import { LocalStore, MAX_KEYS } from '../../../src/plugins/rate-limit/local-store.ts'

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

t.test('at most 20,000 counts are kept, and the least recent one is dropped first', async (t) => {
  const store = new LocalStore()
  const count = (key: string) => {
    let result = 0
    store.incr(key, (_error, { current }) => (result = current), 60_000)
    return result
  }
  for (let key = 0; key < MAX_KEYS; key++) count(String(key))
  t.equal(count('0'), 2)
  count('one more')
  t.equal(count('0'), 3)
  t.equal(count('1'), 1)
})
