/** An absolute http(s) URI without user (RFC 3986). `URL` would accept other characters and change them. */
const URI = /^https?:\/\/[\w.~:[\]!$&'()*+,;=%-]+([/?#][\w.~:/?#[\]@!$&'()*+,;=%-]*)?$/i
const ESCAPE = /%[\da-f]{2}/gi
const UNRESERVED = /[\w.~-]/
const DOT_SEGMENT = /\/(\.|%2e){1,2}(\/|$)/i

/**
 * Tells whether `htu` is the URI of the request (RFC 9449, section 4.3, check 9). Query and fragment are ignored, and other
 * spellings of the same URI are equal (RFC 3986, sections 6.2.2 and 6.2.3).
 *
 * @param bases URLs at which clients see the root of the service, without a trailing slash
 * @param path path of the request, without query and fragment
 */
export function isTargetUri(htu: unknown, bases: readonly string[], path: string): boolean {
  if (typeof htu !== 'string') return false
  const [uri] = htu.split(/[?#]/, 1) as [string]
  if (bases.some((base) => uri === base + path)) return true
  // The router does not resolve them, so another path is another resource
  if (DOT_SEGMENT.test(path)) return false
  const normalized = normalizeUri(uri)
  return normalized !== undefined && bases.some((base) => normalizeUri(base + path) === normalized)
}

/** Normalizes case, default port, dot segments and percent-encoding. Undefined for anything that is not an http(s) URI. */
function normalizeUri(text: string): string | undefined {
  const url = URI.test(text) ? URL.parse(text) : null
  return url ? url.origin + url.pathname.replace(ESCAPE, normalizeEscape) : undefined
}

function normalizeEscape(text: string): string {
  const character = String.fromCharCode(Number.parseInt(text.slice(1), 16))
  return UNRESERVED.test(character) ? character : text.toUpperCase()
}
