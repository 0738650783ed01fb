/**
 * Whether a browser says that another site has made it send the request. What says nothing is no browser, or an old
 * one: `SameSite=Lax` keeps our cookies out of what other sites send from there.
 *
 * `Origin: null` says nothing either: with `Referrer-Policy: no-referrer` browsers write it into our own forms, too
 * (https://fetch.spec.whatwg.org/#append-a-request-origin-header).
 */
export function isCrossSite(headers: Headers, baseUrl: string): boolean {
  const { 'sec-fetch-site': site, origin } = headers
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && origin !== 'null' && origin !== new URL(baseUrl).origin
}

type Headers = Readonly<Record<string, string | string[] | undefined>>
