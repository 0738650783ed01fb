import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { toExported } from './exported-span.ts'

/** Collects spans and sends them off in batches, one for each request. */
export class RequestSpanProcessor extends BatchSpanProcessor {
  override onEnd(span: ReadableSpan): void {
    const isHandler = 'fastify.type' in span.attributes // which @fastify/otel makes of the 404 handler
    if (!isHandler) super.onEnd(toExported(span))
  }
}
