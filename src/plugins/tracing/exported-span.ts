import { SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'

/** Attributes that are exported. Each has a closed set of values, unlike the path and the query string. */
const attributes = ['http.request.method', 'http.route', 'http.response.status_code', 'error.type']

/**
 * Returns the span to export. Error messages are removed, because they may quote the request. Only a 5xx is an error
 * (semantic conventions for HTTP spans, section "Status").
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
