import t from 'tap'
import { Nonces } from '../../../../src/plugins/auth/proof/nonces.ts'

const [NEW, OLD] = ['n'.repeat(32), 'o'.repeat(32)]
const MINUTE = 60_000
const NOW = 1_000 * MINUTE

t.test(
  'a nonce is accepted for five minutes, and should be replaced when half of them have passed',
  async (t) => {
    const nonces = new Nonces([NEW])
    const nonce = nonces.current(NOW)
    const ages = [0, 1, 2, 3, 4, 5, 60].map((minutes) => nonces.ageOf(nonce, NOW + minutes * MINUTE))
    t.strictSame(ages, ['current', 'current', 'current', 'old', 'old', undefined, undefined])
    t.equal(nonces.ageOf(nonce, NOW - MINUTE), 'current', 'of a replica whose clock is ahead')
    t.equal(nonces.ageOf(nonce, NOW - 2 * MINUTE), undefined)
    t.equal(nonces.ageOf('invented', NOW), undefined)
    t.not(nonces.current(NOW + MINUTE), nonce)
    t.equal(nonces.current(NOW + MINUTE - 1), nonce)
  },
)

t.test('replicas with the same secret accept each other, also while it is rotated', async (t) => {
  const [before, between, after] = [[OLD], [NEW, OLD], [NEW]].map((secrets) => new Nonces(secrets)) as [
    Nonces,
    Nonces,
    Nonces,
  ]
  t.equal(between.ageOf(before.current(NOW), NOW), 'current')
  t.equal(after.ageOf(between.current(NOW), NOW), 'current')
  t.equal(before.ageOf(after.current(NOW), NOW), undefined)
})

t.test('without a secret, each process has its own', async (t) => {
  const [one, other] = [new Nonces(undefined), new Nonces(undefined)]
  t.equal(one.ageOf(one.current(NOW), NOW), 'current')
  t.equal(other.ageOf(one.current(NOW), NOW), undefined)
})
