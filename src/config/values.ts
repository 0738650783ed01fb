import { isIP } from 'node:net'
import { listOf, parser } from './parse.ts'

export const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'], // RFC 9864 names Ed25519 by its curve
]

/** Names of header fields (RFC 9110, section 5.1). */
export const headerList = listOf('the name of a header', (item) =>
  /^[\w!#$%&'*+.^`|~-]+$/.test(item) ? item : undefined,
)

export const identifierList = listOf('an API identifier without spaces', (item) =>
  /\s/.test(item) ? undefined : item,
)

export const algorithmList = listOf(`one of ${algorithms.join(' ')}`, (item) =>
  algorithms.includes(item) ? item : undefined,
)

export const secretList = listOf('a secret of at least 32 characters', (item) =>
  item.length >= 32 ? item : undefined,
)

export const hostname = parser('an IP address or a host name', (text) =>
  isIP(text) || /^[a-z0-9.-]+$/i.test(text) ? text : undefined,
)

/** Fastify's `trustProxy` except for `true`, which lets every caller choose its address. */
export const proxies = parser<false | number | string>(
  'false, a number of hops, or addresses (10.0.0.1, 10.0.0.0/8, loopback, linklocal, uniquelocal) separated by commas',
  (text) => {
    if (text === 'false') return false
    if (/^\d{1,2}$/.test(text)) return Number(text)
    return text.split(',').every((item) => isProxy(item.trim())) ? text : undefined
  },
)

function isProxy(item: string): boolean {
  const [, host = '', bits] = /^([^/]*)(?:\/([1-9]\d*))?$/.exec(item) ?? []
  const version = isIP(host)
  if (version === 0) return ['loopback', 'linklocal', 'uniquelocal'].includes(item)
  return bits === undefined || Number(bits) <= (version === 4 ? 32 : 128)
}
