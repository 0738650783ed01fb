import { isIP } from 'node:net'
import { secureUrl } from '../http/secure-url.ts'

/** Parses the text of a variable. Returns `undefined` for text other than `expected`. */
export interface Parse<T> {
  (text: string): T | undefined
  expected: string
}

export const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
] as readonly string[]

/** Issuer identifiers (OpenID Connect Discovery 1.0, section 2). A bare domain names an Auth0 tenant. */
export const issuerList = listOf('an Auth0 domain like tenant.eu.auth0.com or an issuer URL', (item) => {
  const isDomain = /^[a-z0-9.-]+(:\d+)?\/?$/i.test(item)
  const issuer = isDomain ? `https://${item.replace(/\/$/, '').toLowerCase()}/` : item
  const url = secureUrl(issuer)
  return url && url.search === '' && url.hash === '' ? issuer : undefined
})

/** Origins (RFC 6454): scheme, host and port only. */
export const originList = listOf('an origin like https://app.example.com', (item) => {
  const url = URL.parse(item)
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && item.replace(/\/$/, '') === url.origin
  return isOrigin ? url.origin : undefined
})

export const identifierList = listOf('an API identifier without spaces', (item) =>
  /\s/.test(item) ? undefined : item,
)

export const algorithmList = listOf(`one of ${algorithms.join(' ')}`, (item) =>
  algorithms.includes(item) ? item : undefined,
)

export const secretList = listOf('a secret of at least 32 characters', (item) =>
  item.length >= 32 ? item : undefined,
)

export const text = parser('text', (text) => text)

export function integer(minimum: number, maximum: number): Parse<number> {
  return parser(`a whole number from ${minimum} to ${maximum}`, (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    return number >= minimum && number <= maximum ? number : undefined
  })
}

export function choice<const T extends string>(...values: T[]): Parse<T> {
  return parser(`one of ${values.join(', ')}`, (text) => values.find((value) => value === text))
}

export const hostname = parser('an IP address or a host name', (text) =>
  isIP(text) || /^[a-z0-9.-]+$/i.test(text) ? text : undefined,
)

export const databaseUrl = parser('file:PATH or postgres://USER@HOST/NAME', (text) =>
  /^file:./.test(text) || /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? '') ? text : undefined,
)

export const redisUrl = parser('redis://HOST:PORT or rediss://HOST:PORT', (text) => {
  const url = URL.parse(text)
  return url && /^rediss?:$/.test(url.protocol) && url.hostname ? text : undefined
})

/** A URL without its trailing slash, so that a path can be appended. */
export const httpUrl = parser('an http(s) URL', (text) => {
  const url = URL.parse(text)
  return url && /^https?:$/.test(url.protocol) && !url.search && !url.hash
    ? text.replace(/\/+$/, '')
    : undefined
})

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

function parser<T>(expected: string, parse: (text: string) => T | undefined): Parse<T> {
  return Object.assign(parse, { expected })
}

/** A frozen list of items separated by commas. Only the empty text, which is a default, has none. */
function listOf(expected: string, parseItem: (item: string) => string | undefined): Parse<readonly string[]> {
  return parser(`${expected}, several separated by commas`, (text) => {
    const items = text === '' ? [] : text.split(',').map((item) => parseItem(item.trim()))
    return items.every((item) => item !== undefined && item !== '')
      ? Object.freeze(items as string[])
      : undefined
  })
}
