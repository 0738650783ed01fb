import type { Histogram, Registry } from 'prom-client'

export interface HistogramOptions {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[]
}

interface Series {
  readonly labels: Readonly<Record<string, string>>
  /** By bucket, the last one for what is above all bounds. */
  readonly counts: number[]
  sum: number
}

/**
 * A histogram for what happens with every request: prom-client's own takes over a microsecond for an observation,
 * most of it to tell series apart.
 *
 * @returns takes note of a value; the label values come in the order of `labelNames`
 */
export function addHistogram(registry: Registry, options: HistogramOptions) {
  const { name, help, labelNames, buckets } = options
  const all = new Map<string, Series>()
  const addSeries = (key: string, labelValues: readonly string[]): Series => {
    const labels = Object.fromEntries(labelNames.map((label, i) => [label, labelValues[i] as string]))
    const series = { labels, counts: new Array(buckets.length + 1).fill(0), sum: 0 }
    all.set(key, series)
    return series
  }
  const get = async () => ({
    ...{ name, help, type: 'histogram', aggregator: 'sum' },
    values: [...all.values()].flatMap((series) => samplesOf(series, name, buckets)),
  })
  // No more than this is asked of a metric by prom-client's registry
  registry.registerMetric({ name, labelNames, get } as unknown as Histogram)

  return (value: number, ...labelValues: readonly string[]) => {
    const key = labelValues.join('\n')
    const series = all.get(key) ?? addSeries(key, labelValues)
    const found = buckets.findIndex((bound) => value <= bound)
    const bucket = found === -1 ? buckets.length : found
    series.counts[bucket] = (series.counts[bucket] as number) + 1
    series.sum += value
  }
}

/** Each bucket counts what is in the lower ones, too. */
function samplesOf({ labels, counts, sum }: Series, name: string, buckets: readonly number[]) {
  let count = 0
  const samples = counts.map((inBucket, i) => {
    count += inBucket
    return {
      metricName: `${name}_bucket`,
      labels: { le: String(buckets[i] ?? '+Inf'), ...labels },
      value: count,
    }
  })
  const total = { metricName: `${name}_count`, labels, value: count }
  return [...samples, { metricName: `${name}_sum`, labels, value: sum }, total]
}
