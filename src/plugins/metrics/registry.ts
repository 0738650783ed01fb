import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { serviceName, serviceVersion } from '../../http/service.ts'

/** Prefix of the metrics that are specific to the service (https://prometheus.io/docs/practices/naming/). */
export const PREFIX = `${serviceName.replaceAll('-', '_')}_`

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
      name: `${PREFIX}build_info`,
      help: 'Always 1, labelled with the version',
      labelNames: ['version'],
    },
    () => [{ labels: { version: serviceVersion }, value: 1 }],
  )
  return registry
}

/** Adds a gauge whose value is read at each scrape. */
export function addReadGauge<Label extends string>(
  registry: Registry,
  description: Description<Label>,
  read: () => Sample<Label>[] | Promise<Sample<Label>[]>,
): void {
  new Gauge({
    ...description,
    registers: [registry],
    async collect() {
      const samples = await read()
      this.reset()
      for (const { labels, value } of samples) this.set(labels, value)
    },
  })
}

/** Adds a counter of events by label. Each series starts at 0, so that Prometheus sees the first event as an increase. */
export function addEventCounter<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  label: Label,
  values: readonly string[],
): Counter<Label> {
  const counter = new Counter({ name, help, labelNames: [label], registers: [registry] })
  for (const value of values) counter.inc({ [label]: value } as Record<Label, string>, 0)
  return counter
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
