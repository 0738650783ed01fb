import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { toExported } from './exported-span.ts'

/** Exports spans in batches, one span for each request. */
export class RequestSpanProcessor extends BatchSpanProcessor {
  override onEnd(span: ReadableSpan): void {
    const isHandler = 'fastify.type' in span.attributes // @fastify/otel adds a second span for the 404 handler
    if (!isHandler) super.onEnd(toExported(span))
  }
}
