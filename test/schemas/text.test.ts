import t from 'tap'
import { Text, toText } from '../../src/schemas/text.ts'
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

const good = ['a', 'é', '\u{1f600}', '\u{10ffff}', '\ud7ff\ue000', '\ufffd', 'a\nb\u0001']
const bad = ['a\0b', '\0', '\ud800', 'a\udfff', '\udc00\ud800', '\ud800\ud800', '\u{1f600}\ude00']

t.test('text without U+0000 and lone surrogates is kept', async (t) => {
  for (const text of good) t.equal(toText(text, 10), text)
  for (const text of bad) t.equal(toText(text, 10), undefined, JSON.stringify(text))
  for (const value of ['', 'x'.repeat(11), 1, null, undefined, {}]) t.equal(toText(value, 10), undefined)
})

t.test('the schema accepts the same text in a body', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t), {
    extend: (instance) => {
      const schema = { body: Text({ maxLength: 10 }) }
      instance.post('/text', { config: { public: true }, schema }, async ({ body }) => ({ body }))
    },
  })
  const post = (text: string) =>
    app.inject({
      method: 'POST',
      url: '/text',
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify(text),
    })
  for (const text of good) {
    const response = await post(text)
    t.strictSame([response.statusCode, response.json()], [200, { body: text }])
  }
  for (const text of bad) {
    const response = await post(text)
    t.equal(response.statusCode, 400, JSON.stringify(text))
    t.match(response.json(), { code: 'validation_failed' })
  }
})
