/** Short enough that the cookies of several log-ins fit in a request. */
const MAX_LENGTH = 512

/**
 * Where to go after the log-in: the path, if it leads to a page of ours, else undefined. Strict before it is resolved,
 * since browsers take `\` for `/` and leave out tabs; and once more after, since `/.//evil.example` becomes
 * `//evil.example`.
 */
export function localPath(dangerousReturnTo: unknown, baseUrl: string): string | undefined {
  if (typeof dangerousReturnTo !== 'string' || dangerousReturnTo.length > MAX_LENGTH) return undefined
  if (!/^\/(?!\/)[!-[\]-~]*$/.test(dangerousReturnTo)) return undefined // printable ASCII without `\`
  const url = URL.parse(dangerousReturnTo, baseUrl)
  if (url?.origin !== new URL(baseUrl).origin || url.pathname.startsWith('//')) return undefined
  return url.pathname + url.search + url.hash
}

/** Where somebody is sent who has to log in before they may see the page. */
export function logInPath(returnTo: string): string {
  return `/login?returnTo=${encodeURIComponent(returnTo)}`
}
