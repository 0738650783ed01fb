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

/** A registry with what is known of the process itself. */
export function makeRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  addReadGauge(
    registry,
    {
      name: 'gatehouse_build_info',
      help: 'Always 1; the label says which version runs',
      labelNames: ['version'],
    },
    () => [{ labels: { version: packageJson.version }, value: 1 }],
  )
  return registry
}

/** A gauge whose value is read where it is kept, when the metrics are scraped. */
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

/** The same of a count that only grows. */
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
