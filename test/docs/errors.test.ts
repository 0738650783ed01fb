import t from 'tap'
import { catalogue } from '../../src/errors/catalogue.ts'
import { tableRows } from '../helpers/markdown.ts'

t.test('docs/errors.md lists every error of the catalogue, and no other', async (t) => {
  const documented = tableRows('docs/errors.md', 'code', 'status', 'message').map((row) => row.slice(0, 3))
  const known = Object.values(catalogue).map(({ code, statusCode, message }) => [
    code,
    String(statusCode),
    message,
  ])
  t.same(documented.sort(), known.sort())
})
