/**
 * The content security policy of the pages: everything they load is the service's own, but for pictures of people,
 * which are anywhere. Browsers hold `form-action` against redirects, too, and logging out leads to the issuer.
 */
export function pagePolicy(issuers: readonly string[]): string {
  const origins = [...new Set(issuers.map(originOf))]
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    ['img-src', "'self'", 'https:', ...origins.filter((origin) => origin.startsWith('http:'))].join(' '),
    ['form-action', "'self'", ...origins].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** The picture of a person as far as the policy lets it be shown: over https, or from a local issuer. */
export function pictureUrl(picture: string | undefined, issuers: readonly string[]): string | undefined {
  const url = URL.parse(picture ?? '')
  const isAllowed = url?.protocol === 'https:' || issuers.some((issuer) => originOf(issuer) === url?.origin)
  return isAllowed ? url?.href : undefined
}

function originOf(url: string): string {
  return new URL(url).origin
}
