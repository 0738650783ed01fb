/**
 * Builds the content security policy of the pages. They load only files of the service, and profile pictures from
 * anywhere. `form-action` includes the issuers, since browsers apply it to redirects and logout redirects there.
 */
export function pageContentSecurityPolicy(issuers: readonly string[]): string {
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

/** The URL of a profile picture if the policy allows it: over https, or from a local issuer. */
export function pictureUrl(picture: string | undefined, issuers: readonly string[]): string | undefined {
  const url = URL.parse(picture ?? '')
  const isAllowed = url?.protocol === 'https:' || issuers.some((issuer) => originOf(issuer) === url?.origin)
  return isAllowed ? url?.href : undefined
}

function originOf(url: string): string {
  return new URL(url).origin
}
