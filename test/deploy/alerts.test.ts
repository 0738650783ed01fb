import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { knownMetrics } from '../helpers/known-metrics.ts'
import { readDocument } from '../helpers/markdown.ts'
import { unknownNames } from '../helpers/promql.ts'

interface Alert {
  alert: string
  expr: string
  for: string
  labels: { severity: string }
  annotations: { summary: string; description: string; runbook_url: string }
}

const { groups } = parse(readDocument('deploy/prometheus/alerts.yml')) as { groups: { rules: Alert[] }[] }
const alerts = groups.flatMap(({ rules }) => rules)
const page = readDocument('docs/metrics.md')

t.test('alerts use existing metrics and labels', async (t) => {
  const known = await knownMetrics()
  t.ok(alerts.length > 0)
  for (const { alert, expr } of alerts) t.strictSame(unknownNames(expr, known), [], alert)
})

t.test('unknown metrics and labels are found', async (t) => {
  const known = await knownMetrics()
  for (const [expression, unknown] of [
    ['up{job="a"} == 0', []],
    ['sum by (route) (rate(http_request_duration_seconds_count{status=~"5.."}[5m]))', []],
    ['rate(http_request_duration_seconds[5m])', ['http_request_duration_seconds']],
    ['sum(no_such_metric)', ['no_such_metric']],
    ['gatehouse_tokens_total{reason="expired"}', ['gatehouse_tokens_total{reason}']],
    ['sum by (le) (http_request_duration_seconds_count)', ['by le']],
    ['http_requests_in_flight_count', ['http_requests_in_flight_count']],
  ] as const) {
    t.strictSame(unknownNames(expression, known), unknown, expression)
  }
})

t.test('each alert has a severity, a description and a runbook', async (t) => {
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => toAnchor(title))
  for (const { alert, for: duration, labels, annotations } of alerts) {
    t.match(labels.severity, /^(critical|warning)$/, alert)
    t.match(duration, /^\d+m$/, alert)
    t.ok(annotations.summary && annotations.description, alert)
    const [file, anchor = ''] = annotations.runbook_url.split('#')
    t.equal(file, 'docs/metrics.md')
    t.ok(headings.includes(anchor), `${alert}: #${anchor}`)
    t.ok(page.includes(`\`${alert}\``), `${alert} is in docs/metrics.md`)
  }
  t.equal(new Set(alerts.map(({ alert }) => alert)).size, alerts.length)
})

t.test('alerts fire on problems only', async (t) => {
  const cases = 'deploy/prometheus/alerts.test.yml'
  for (const { alert } of alerts) t.ok(readDocument(cases).includes(`"${alert}"`), alert)
  const root = join(import.meta.dirname, '../..')
  const { status, stdout, stderr, error } = spawnSync('promtool', ['test', 'rules', cases], {
    cwd: root,
    encoding: 'utf8',
  })
  if (error && process.env.CI) throw error
  if (error) t.pass('', { skip: 'no promtool' })
  else t.equal(status, 0, stdout + stderr)
})

/** Returns the anchor that GitHub gives to a heading. */
function toAnchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}
