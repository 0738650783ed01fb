/** Parses an `https` URL. Allows plain http for loopback hosts only: it does not authenticate the server. */
export function secureUrl(text: string): URL | undefined {
  const url = URL.parse(text)
  if (url?.protocol === 'https:') return url
  return url?.protocol === 'http:' && isLoopback(url.hostname) ? url : undefined
}

/**
 * Parses a URL that an issuer names in its metadata. An issuer on the network must not name the loopback of this machine
 * over plain http: a service that happens to listen there would get tokens and secrets.
 */
export function secureUrlOf(issuer: string, text: string): URL | undefined {
  const url = secureUrl(text)
  return url?.protocol === 'http:' && secureUrl(issuer)?.protocol !== 'http:' ? undefined : url
}

/** Returns the host name in a `Host` header, as URLs write it; empty if there is none. */
export function hostnameOf(host: string | undefined): string {
  return URL.parse(`http://${host ?? ''}`)?.hostname ?? ''
}

/** Tells whether a host, as in a URL, is on the loopback of this machine. */
export function isLoopback(host: string): boolean {
  return host === '[::1]' || /^(.+\.)?localhost$/.test(host) || /^127(\.\d+){3}$/.test(host)
}
