import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import packageJson from '../../../package.json' with { type: 'json' }

/** Name, help text and labels of a metric. */
interface Description<Label extends string> {
  readonly name: string
  readonly help: string
  readonly labelNames?: readonly Label[]
}

export interface Sample<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>
  readonly value: number
}

/** Creates a registry with the metrics of the process. */
export function makeRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  addReadGauge(
    registry,
    {
      name: 'gatehouse_build_info',
      help: 'Always 1, labelled with the version',
      labelNames: ['version'],
    },
    () => [{ labels: { version: packageJson.version }, value: 1 }],
  )
  return registry
}

/** Adds a gauge whose value is read at each scrape. */
export function addReadGauge<Label extends string>(
  registry: Registry,
  description: Description<Label>,
  read: () => Sample<Label>[],
): void {
  new Gauge({
    ...description,
    registers: [registry],
    collect() {
      this.reset()
      for (const { labels, value } of read()) this.set(labels, value)
    },
  })
}

/** Adds a counter whose value is read at each scrape. */
export function addReadCounter<Label extends string>(
  registry: Registry,
  description: Description<Label>,
  read: () => Sample<Label>[],
): void {
  new Counter({
    ...description,
    registers: [registry],
    collect() {
      this.reset()
      for (const { labels, value } of read()) this.inc(labels, value)
    },
  })
}
