/** Response headers that scripts of allowed origins may read. */
export const exposedHeaders = [
  'WWW-Authenticate',
  'DPoP-Nonce',
  'Link',
  'Location',
  'Retry-After',
  'X-Request-Id',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
]

/**
 * CORS headers of a response that is sent before the hooks of plugins/cors.ts have run.
 *
 * @param origins the allowed ones
 * @param origin `Origin` header of the request
 */
export function corsHeaders(origins: readonly string[], origin: string | undefined): Record<string, string> {
  if (origins.length === 0) return {}
  if (origin === undefined || !origins.includes(origin)) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposedHeaders.join(', '),
  }
}
