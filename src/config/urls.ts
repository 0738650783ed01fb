import { fileURLToPath } from 'node:url'
import { redisUrls } from '../http/redis-urls.ts'
import { listOf, parser, reject } from './parse.ts'
import { PLACEHOLDER } from './text-faults.ts'

/** Issuer identifiers (OpenID Connect Discovery 1.0, section 2). A bare domain names an Auth0 tenant. */
export const issuerList = listOf('an Auth0 domain like tenant.eu.auth0.com or an issuer URL', (item) => {
  const isDomain = /^[a-z0-9.-]+(:\d+)?\/?$/i.test(item)
  const issuer = isDomain ? `https://${item.replace(/\/$/, '').toLowerCase()}/` : item
  const url = URL.parse(issuer)
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash) return undefined
  rejectIssuer(issuer, url)
  return issuer
})

/** RFC 2606, section 3: domains for examples. */
const EXAMPLE_DOMAIN = /(^|\.)example\.(com|net|org)$/
const AUTH0_DOMAIN = /\.auth0\.com$/

/** Rejects issuers that cannot have a discovery document or whose name cannot be in a token. */
function rejectIssuer(issuer: string, url: URL): void {
  if (hasCredentials(url)) reject('expected an issuer without user and password')
  if (url.pathname.includes('/.well-known/')) reject('expected the issuer, not its discovery document')
  if (EXAMPLE_DOMAIN.test(url.hostname)) reject(PLACEHOLDER)
  if (AUTH0_DOMAIN.test(url.hostname) && issuer !== `https://${url.hostname}/`)
    reject('the issuer of an Auth0 domain is https://DOMAIN/ with a final slash, in lower case')
}

/** Origins (RFC 6454): scheme, host and port only. */
export const originList = listOf('an origin like https://app.example.com', (item) => {
  if (item.includes('*')) reject('wildcards are not supported, expected every origin')
  const url = URL.parse(item)
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && item.replace(/\/$/, '') === url.origin
  return isOrigin ? url.origin : undefined
})

export const databaseUrl = parser('file:PATH or postgres://USER@HOST/NAME', (text) => {
  if (text.startsWith('file:')) return isFile(text) ? text : undefined
  if (!/^postgres(ql)?:/.test(text)) return undefined
  rejectUnescaped(text)
  return /^[a-z]+:\/\//.test(text) && URL.canParse(text) ? text : undefined
})

export const redisUrl = parser('redis://HOST:PORT or rediss://HOST:PORT', (text) => {
  if (!/^rediss?(\+(cluster|sentinel))?:/.test(text)) return undefined
  rejectUnescaped(text)
  const { kind, urls } = redisUrls(text)
  const parsed = urls.map((url) => URL.parse(url))
  if (!parsed.every((url) => url?.hostname)) return undefined
  const { pathname: path } = parsed[0] as URL
  if (kind === 'cluster' && !/^\/?$/.test(path)) reject('a Redis Cluster has no databases to choose from')
  if (kind === 'sentinel' && !/^\/[^/]+$/.test(path))
    reject('expected redis+sentinel://HOST,HOST/NAME with the name of the primary')
  return text
})

/** A URL without its trailing slash, so that a path can be appended. */
export const httpUrl = parser('an http(s) URL', (text) => {
  const url = URL.parse(text)
  return url && /^https?:$/.test(url.protocol) && !url.search && !url.hash
    ? text.replace(/\/+$/, '')
    : undefined
})

/** Address of an API. `fetch` does not accept URLs with credentials. */
export const apiUrl = parser('an http(s) URL without user and password', (text) => {
  const url = httpUrl(text)
  return url !== undefined && !hasCredentials(new URL(url)) ? url : undefined
})

export const apiUrlList = listOf(apiUrl.expected, apiUrl)

/** Address of the service. A path would be lost, since the routes are at the root. */
export const originUrl = parser('an http(s) URL without a path', (text) => {
  const url = apiUrl(text)
  return url !== undefined && new URL(url).pathname === '/' ? url : undefined
})

/** Address at which clients reach the API, in one spelling. A proxy may have removed the path. */
export const publicUrl = parser(
  'an http(s) URL with a plain path, like https://api.example.com/v1',
  (text) => {
    const url = apiUrl(text)
    if (url === undefined) return undefined
    const { origin, pathname } = new URL(url)
    return /^(\/[\w.~-]+)*\/?$/.test(pathname) ? `${origin}${pathname.replace(/\/$/, '')}` : undefined
  },
)

function isFile(text: string): boolean {
  if (!text.startsWith('file://')) return text !== 'file:'
  try {
    fileURLToPath(text)
    return true
  } catch {
    return false // a host, or an invalid escape
  }
}

function hasCredentials({ username, password }: URL): boolean {
  return username !== '' || password !== ''
}

/** Rejects URLs in which a part of the password would count as host, path, query or fragment, and be sent and logged. */
function rejectUnescaped(text: string): void {
  const [, authority = '', rest = ''] = /^[^:]+:\/\/([^/?#]*)(.*)$/s.exec(text) ?? []
  const [path = '', query = ''] = rest.split('?', 2)
  const isInQuery = /^[^=]*@/.test(query) || (query.includes('@') && !authority.includes('@'))
  const isCut = rest.includes('#') || path.includes('@') || isInQuery
  if (isCut || !isDecodable(authority)) reject('escape @ # % / ? in the password, as %40 %23 %25 %2F %3F')
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
