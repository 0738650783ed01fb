/** Headers of responses, for `components.headers`. */
export const headers = {
  'X-Request-Id': {
    description: 'ID of the request, from its own `X-Request-Id` if that is well formed',
    required: true,
    schema: { type: 'string', pattern: '^[\\w.-]{1,128}$' },
  },
  'WWW-Authenticate': {
    description:
      'Challenge of each accepted scheme (RFC 6750, section 3; RFC 9449, section 7.1) with the address of the metadata (RFC 9728, section 5.1)',
    schema: { type: 'string' },
  },
  'DPoP-Nonce': {
    description: 'Nonce for the next DPoP proof (RFC 9449, section 9)',
    schema: { type: 'string' },
  },
  'Accept-Encoding': {
    description:
      'Accepted content codings, if that of the request is not supported (RFC 9110, section 12.5.3)',
    schema: { type: 'string', const: 'identity' },
  },
  'Retry-After': {
    description: 'Seconds to wait before the next request',
    schema: { type: 'integer', minimum: 0 },
  },
  'X-RateLimit-Limit': {
    description: 'Requests per minute, if the operator limits them',
    schema: { type: 'integer', minimum: 1 },
  },
  'X-RateLimit-Remaining': {
    description: 'Requests that remain in this minute',
    schema: { type: 'integer', minimum: 0 },
  },
  'X-RateLimit-Reset': {
    description: 'Seconds until the limit is reset',
    schema: { type: 'integer', minimum: 1 },
  },
} as const

type Name = keyof typeof headers

const rateLimit: Name[] = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset']

const byStatus: Record<string, Name[]> = {
  400: ['WWW-Authenticate'],
  401: ['WWW-Authenticate', 'DPoP-Nonce'],
  403: ['WWW-Authenticate'],
  415: ['Accept-Encoding'],
  429: ['Retry-After'],
  503: ['Retry-After'],
  default: ['Retry-After'],
}

/** References to the headers of a response. */
export function headersFor(status: string, isProbe: boolean) {
  const names: Name[] = ['X-Request-Id', ...(isProbe ? [] : rateLimit), ...(byStatus[status] ?? [])]
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}
