import { SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'

/** All that leaves: each of a closed set. The path may hold anything, and has a query string where it was taken from. */
const attributes = ['http.request.method', 'http.route', 'http.response.status_code', 'error.type']

/**
 * The span as the collector is told it: neither texts of errors, which may quote what was sent, nor an error where
 * it was the caller's (semantic conventions for HTTP spans, section "Status").
 */
export function toExported(span: ReadableSpan): ReadableSpan {
  const kept = Object.entries(span.attributes).filter(([name]) => attributes.includes(name))
  const isFault = Number(span.attributes['http.response.status_code']) >= 500
  return Object.create(span, {
    attributes: { value: Object.fromEntries(kept) },
    events: { value: [] },
    status: { value: { code: isFault ? SpanStatusCode.ERROR : SpanStatusCode.UNSET } },
  })
}
