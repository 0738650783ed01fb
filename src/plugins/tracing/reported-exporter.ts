import type { SpanExporter } from '@opentelemetry/sdk-trace-node'
import type { FastifyBaseLogger } from 'fastify'

const SUCCESS = 0 // ExportResultCode

/** Logs when the delivery of spans begins to fail and when it works again, not for every batch. */
export function reported(exporter: SpanExporter, log: FastifyBaseLogger): SpanExporter {
  let isFailing = false
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const hasFailed = result.code !== SUCCESS
        if (hasFailed && !isFailing)
          log.warn({ err: result.error }, 'traces cannot be delivered and are lost')
        if (!hasFailed && isFailing) log.info('traces are delivered again')
        isFailing = hasFailed
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
  }
}
