/** Generates IDs that are unique across processes. A random UUID per request would cost 2 % of a short request. */
export function requestIds(): () => string {
  const prefix = crypto.randomUUID().slice(0, 8)
  let count = 0
  return () => `${prefix}-${++count}`
}

/** Returns the `X-Request-Id` of a client if it is short and safe to log and to send back. */
export function givenRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.-]{1,128}$/.test(header) ? header : undefined
}
