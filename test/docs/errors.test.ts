import t from 'tap'
import { knownErrors } from '../helpers/known-errors.ts'
import { tableRows } from '../helpers/markdown.ts'

t.test('docs/errors.md lists every error of the catalogue, and no other', async (t) => {
  const documented = tableRows('docs/errors.md', 'code', 'status', 'message').map((row) => row.slice(0, 3))
  const known = Object.values(knownErrors).map(({ code, statusCode, message }) => [
    code,
    String(statusCode),
    message,
  ])
  t.same(documented.sort(), known.sort())
})
