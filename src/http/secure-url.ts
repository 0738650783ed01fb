/** Parses an `https` URL. Allows plain http for loopback hosts only: it does not authenticate the server. */
export function secureUrl(text: string): URL | undefined {
  const url = URL.parse(text)
  if (url?.protocol === 'https:') return url
  return url?.protocol === 'http:' && isLoopback(url.hostname) ? url : undefined
}

function isLoopback(host: string): boolean {
  return host === '[::1]' || /^(.+\.)?localhost$/.test(host) || /^127(\.\d+){3}$/.test(host)
}
