/** `version-traceId-parentId-flags` (W3C Trace Context, section 3.2). */
const traceparent = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/

/** Returns the trace ID of a `traceparent` header, or undefined if it is absent or malformed. */
export function traceIdOf(header: string | string[] | undefined): string | undefined {
  return traceparent.exec(String(header))?.[1]
}
