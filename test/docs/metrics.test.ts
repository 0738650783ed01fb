import t from 'tap'
import { tokenErrorReasons } from '../../src/plugins/auth/errors.ts'
import { knownMetrics } from '../helpers/known-metrics.ts'
import { tableRows } from '../helpers/markdown.ts'

const PAGE = 'docs/metrics.md'

t.test('docs/metrics.md lists every metric with its type and labels, and no other', async (t) => {
  const rows = [
    ...tableRows(PAGE, 'metric', 'type', 'labels'),
    ...tableRows(PAGE, 'process metric', 'type', 'labels'),
  ]
  const known = [...(await knownMetrics())].map(([name, { type, labels }]) => [name, type, labels.join(', ')])
  t.same(rows.map((row) => row.slice(0, 3)).sort(), known.sort())
  for (const [name = '', , , meaning] of rows) t.ok(meaning, name)
})

t.test('docs/metrics.md lists every outcome of a token, and no other', async (t) => {
  const outcomes = tableRows(PAGE, 'outcome', 'the token').map(([outcome]) => outcome)
  t.strictSame(outcomes, ['accepted', ...tokenErrorReasons])
})
