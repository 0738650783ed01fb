import type { SpanExporter } from '@opentelemetry/sdk-trace-node'
import type { FastifyBaseLogger } from 'fastify'

const SUCCESS = 0 // ExportResultCode

/** Says in the log whether the collector takes the spans: when it changes, not with every batch. */
export function reported(exporter: SpanExporter, log: FastifyBaseLogger): SpanExporter {
  let isFailing = false
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const hasFailed = result.code !== SUCCESS
        if (hasFailed && !isFailing) log.warn({ err: result.error }, 'traces are not delivered, and are lost')
        if (!hasFailed && isFailing) log.info('traces are delivered again')
        isFailing = hasFailed
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
  }
}
