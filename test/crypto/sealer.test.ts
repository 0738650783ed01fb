import t from 'tap'
import { Sealer } from '../../src/crypto/sealer.ts'

const secret = 'x'.repeat(32)
const value = { a: 'readable text', b: [1, null] }

t.test('a sealed value opens in its place, and is not readable', async (t) => {
  const sealer = new Sealer([secret], 'purpose')
  const sealed = sealer.seal(value, 'place')
  t.strictSame(sealer.open(sealed, 'place'), value)
  t.match(sealed, /^[\w-]+$/)
  t.notMatch(Buffer.from(sealed, 'base64url').toString('latin1'), 'readable')
  t.not(sealer.seal(value, 'place'), sealed, 'with a fresh IV')
})

t.test('a changed value does not open, whichever byte was changed', async (t) => {
  const sealer = new Sealer([secret], 'purpose')
  const bytes = Buffer.from(sealer.seal(value, 'place'), 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    t.equal(sealer.open(changed.toString('base64url'), 'place'), undefined)
    t.equal(sealer.open(bytes.subarray(0, at).toString('base64url'), 'place'), undefined)
  }
  for (const nonsense of ['', '!', 'A', 'A'.repeat(100)]) t.equal(sealer.open(nonsense, 'place'), undefined)
})

t.test(
  'a sealed value does not open in another place, for another purpose or with another secret',
  async (t) => {
    const sealed = new Sealer([secret], 'purpose').seal(value, 'place')
    t.equal(new Sealer([secret], 'purpose').open(sealed, 'another'), undefined)
    t.equal(new Sealer([secret], 'another').open(sealed, 'place'), undefined)
    t.equal(new Sealer(['y'.repeat(32)], 'purpose').open(sealed, 'place'), undefined)
  },
)

t.test('the first secret seals and every secret opens', async (t) => {
  const [old, both, fresh] = [[secret], ['y'.repeat(32), secret], ['y'.repeat(32)]].map(
    (secrets) => new Sealer(secrets, 'purpose'),
  ) as [Sealer, Sealer, Sealer]
  t.strictSame(both.open(old.seal(value, 'place'), 'place'), value)
  const sealed = both.seal(value, 'place')
  t.strictSame(fresh.open(sealed, 'place'), value)
  t.equal(old.open(sealed, 'place'), undefined)
})
