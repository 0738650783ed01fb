import t from 'tap'
import { removePanels, removeRows } from '../../../dev/init/documents.ts'

const part = { rows: /\bkettle\b/ }
const isRemoved = (path: string) => path.startsWith('test/kettle')

t.test('rows that name the part, or whose links or tests are removed, go', async (t) => {
  const page = [
    'The kettle.',
    '| `kettle` | a |',
    '| b | [one](../test/kettle.test.ts), [two](../test/kettle/more.test.ts#title) |',
    '| c | `test/kettle.test.ts` |',
    '| d | [one](../test/other.test.ts) and [a site](https://kettles.test) |',
  ].join('\n')
  t.strictSame(removeRows(page, 'docs', part, isRemoved).split('\n'), [
    'The kettle.',
    '| d | [one](../test/other.test.ts) and [a site](https://kettles.test) |',
  ])
})

t.test('a row with other links loses only those to removed files', async (t) => {
  const [dead, other] = ['[one](../test/kettle.test.ts)', '[two](../test/other.test.ts)']
  t.equal(removeRows(`| a | ${dead}, ${other} |`, 'docs', part, isRemoved), `| a | ${other} |`)
  t.equal(removeRows(`| a | ${other}, ${dead} |`, 'docs', part, isRemoved), `| a | ${other} |`)
})

t.test('panels of metrics of the part go', async (t) => {
  const panels = [
    { title: 'a' },
    { title: 'b', targets: [{ expr: 'rate(kettle[5m])' }] },
    { targets: [{ expr: 'up' }] },
  ]
  t.strictSame(JSON.parse(removePanels(JSON.stringify({ id: 1, panels }), part)), {
    id: 1,
    panels: [panels[0], panels[2]],
  })
  const others = '{ "panels": [] }'
  t.equal(removePanels(others, part), others)
})
