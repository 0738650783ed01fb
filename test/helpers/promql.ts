import type { KnownMetric } from './known-metrics.ts'

/** Everything in PromQL that looks like a name and is neither a metric nor a label. */
const words = new Set([
  ...[
    'sum',
    'max',
    'count',
    'by',
    'on',
    'and',
    'or',
    'unless',
    'ignoring',
    'vector',
    'rate',
    'increase',
    'histogram_quantile',
  ],
])
/** Prometheus adds these to whatever it scrapes. */
const ofTheTarget = ['job', 'instance']

/** What an expression names that there is not: metrics, and labels that the metrics in it do not have. */
export function strangersIn(expression: string, known: ReadonlyMap<string, KnownMetric>): string[] {
  const withoutTexts = expression.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/\[[^\]]*\]/g, '')
  const selectors = [...withoutTexts.matchAll(/([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?/g)]
  const metrics = selectors.flatMap(([, name = '']) => labelsOf(name, known) ?? [])
  const groupings = [...withoutTexts.matchAll(/\b(?:by|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(
    ([, list = '']) => list.split(',').map((label) => label.trim()),
  )
  const unknown = selectors.flatMap(([, name = '', matchers = '']) => {
    const labels = labelsOf(name, known)
    if (!labels) return words.has(name) || groupings.includes(name) ? [] : [name]
    const named = [...matchers.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label)
    return named.filter((label) => !labels.includes(label)).map((label) => `${name}{${label}}`)
  })
  return [...unknown, ...groupings.filter((label) => !metrics.includes(label)).map((label) => `by ${label}`)]
}

/** The labels of a metric, or of what Prometheus makes of a histogram; undefined when there is no such metric. */
function labelsOf(name: string, known: ReadonlyMap<string, KnownMetric>): string[] | undefined {
  if (name === 'up') return ofTheTarget
  const [, base = name, part] = /^(.+)_(bucket|count|sum)$/.exec(name) ?? []
  const metric = known.get(part ? base : name)
  if (!metric || (metric.type === 'histogram') !== (part !== undefined)) return undefined
  return [...metric.labels, ...ofTheTarget, ...(part === 'bucket' ? ['le'] : [])]
}
