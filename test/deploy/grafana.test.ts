import t from 'tap'
import { knownMetrics } from '../helpers/known-metrics.ts'
import { readDocument } from '../helpers/markdown.ts'
import { unknownNames } from '../helpers/promql.ts'

interface Panel {
  id: number
  type: string
  title: string
  gridPos: { h: number; w: number; x: number; y: number }
  datasource?: { uid: string }
  targets?: { expr: string; datasource: { uid: string } }[]
}

const dashboard = JSON.parse(readDocument('deploy/grafana/gatehouse.json')) as {
  panels: Panel[]
  templating: { list: { name: string; type: string; query: string | { query: string } }[] }
}
const panels = dashboard.panels.filter(({ type }) => type !== 'row')

t.test('the dashboard uses existing metrics and labels', async (t) => {
  const known = await knownMetrics()
  for (const { title, targets = [] } of panels) {
    t.ok(targets.length > 0, title)
    for (const { expr } of targets) t.strictSame(unknownNames(expr, known), [], `${title}: ${expr}`)
  }
})

t.test('the data source is a variable, and all used variables exist', async (t) => {
  const { list } = dashboard.templating
  t.match(list[0], { name: 'datasource', type: 'datasource', query: 'prometheus' })
  for (const { datasource, targets = [] } of panels) {
    for (const { uid } of [datasource, ...targets.map((target) => target.datasource)].flatMap((d) => d ?? []))
      t.equal(uid, `$\{datasource}`)
  }
  const used = JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)
  const ours = [...used].map(([, name = '']) => name).filter((name) => !name.startsWith('__'))
  t.strictSame([...new Set(ours)].sort(), list.map(({ name }) => name).sort())
})

t.test('panels have unique ids and do not overlap', async (t) => {
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
  const taken = new Set<string>()
  for (const { title, gridPos } of dashboard.panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        t.notOk(taken.has(`${x} ${y}`) || x >= 24, title)
        taken.add(`${x} ${y}`)
      }
    }
  }
})
