/** Short enough that the cookies of several login transactions fit in a request. */
const MAX_LENGTH = 512

/**
 * Returns the path if it leads to a page of the web app, else undefined. Checked before it is resolved, since browsers
 * read `\` as `/` and skip tabs. Checked again afterwards, since `/.//evil.example` becomes `//evil.example`.
 */
export function localPath(dangerousReturnTo: unknown, baseUrl: string): string | undefined {
  if (typeof dangerousReturnTo !== 'string' || dangerousReturnTo.length > MAX_LENGTH) return undefined
  if (!/^\/(?!\/)[!-[\]-~]*$/.test(dangerousReturnTo)) return undefined // printable ASCII without `\`
  const url = URL.parse(dangerousReturnTo, baseUrl)
  if (url?.origin !== new URL(baseUrl).origin || url.pathname.startsWith('//')) return undefined
  return url.pathname + url.search + url.hash
}

/** Path of the login that returns to the page afterwards. */
export function loginPath(returnTo: string): string {
  return `/login?returnTo=${encodeURIComponent(returnTo)}`
}
