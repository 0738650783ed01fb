import type { KnownMetric } from './known-metrics.ts'

/** PromQL words that are neither metrics nor labels. */
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
    'absent',
    'max_over_time',
    'vector',
    'rate',
    'increase',
    'histogram_quantile',
  ],
])
/** Labels that Prometheus adds to every series. */
const targetLabels = ['job', 'instance']

/** Lists unknown metrics of an expression, and labels that its metrics do not have. */
export function unknownNames(expression: string, known: ReadonlyMap<string, KnownMetric>): string[] {
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

/** Labels of a metric or of a series of a histogram; undefined for unknown metrics. */
function labelsOf(name: string, known: ReadonlyMap<string, KnownMetric>): string[] | undefined {
  if (name === 'up') return targetLabels
  const [, base = name, part] = /^(.+)_(bucket|count|sum)$/.exec(name) ?? []
  const metric = known.get(part ? base : name)
  if (!metric || (metric.type === 'histogram') !== (part !== undefined)) return undefined
  return [...metric.labels, ...targetLabels, ...(part === 'bucket' ? ['le'] : [])]
}
