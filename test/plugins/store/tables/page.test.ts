import t from 'tap'
import { toPage } from '../../../../src/plugins/store/tables/page.ts'

const rows = [{ id: 3 }, { id: 5 }, { id: 8 }]
const toItem = ({ id }: { id: number }) => ({ id, name: `thing ${id}` })

t.test('with one row more than the limit, the next page starts after the last item', async (t) => {
  t.strictSame(toPage(rows, 2, toItem), { items: [toItem({ id: 3 }), toItem({ id: 5 })], next: 5 })
})

t.test('without a further row, there is no next page', async (t) => {
  t.strictSame(toPage(rows, 3, toItem), { items: rows.map(toItem), next: undefined })
  t.strictSame(toPage([], 3, toItem), { items: [], next: undefined })
})
