export interface RedisUrls {
  readonly kind: 'single' | 'cluster' | 'sentinel'
  /** A `redis:` or `rediss:` URL for each host. */
  readonly urls: readonly string[]
}

/**
 * Reads `redis://HOST` and the URLs of several hosts, `redis+cluster://HOST,HOST` and `redis+sentinel://HOST,HOST/NAME`,
 * which have one pair of user and password. The scheme `rediss` with the same additions means TLS.
 */
export function redisUrls(text: string): RedisUrls {
  const several = /^(rediss?)\+(cluster|sentinel):\/\/([^/]*@)?([^/]*)(.*)$/.exec(text)
  if (!several) return { kind: 'single', urls: [text] }
  const [, scheme, kind, credentials = '', hosts = '', rest] = several
  const urls = hosts.split(',').map((host) => `${scheme}://${credentials}${host.trim()}${rest}`)
  return { kind: kind as 'cluster' | 'sentinel', urls }
}
