import fc from 'fast-check'
import t from 'tap'
import { jsonTokens } from '../../../src/web/views/json-tokens.ts'

const kinds = (value: unknown) =>
  jsonTokens(JSON.stringify(value, null, 2))
    .filter(({ kind }) => kind !== 'plain')
    .map(({ kind, text }) => `${kind} ${text}`)

t.test('names and values of JSON are told apart', async (t) => {
  t.strictSame(kinds({ 'a:"b': ['c": true', -1.5e-7, true, null, { d: '' }], e: false }), [
    'name "a:\\"b"',
    'string "c\\": true"',
    'number -1.5e-7',
    'word true',
    'word null',
    'name "d"',
    'string ""',
    'name "e"',
    'word false',
  ])
})

t.test('all characters of any JSON are kept', async () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), fc.constantFrom(undefined, 2), (json, indent) => {
      const text = JSON.stringify(JSON.parse(json), null, indent)
      return (
        jsonTokens(text)
          .map(({ text }) => text)
          .join('') === text
      )
    }),
  )
})

t.test('sentences and long texts are one plain token', async (t) => {
  for (const text of ['', 'The API cannot be reached.', '{"a": 1', JSON.stringify('a'.repeat(20_000))]) {
    t.strictSame(jsonTokens(text), [{ kind: 'plain', text }])
  }
  t.equal(jsonTokens(JSON.stringify('a'.repeat(19_998)))[0]?.kind, 'string')
})
