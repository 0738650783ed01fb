/** Names by a token of `User-Agent` (RFC 9110, section 10.1.5). Most browsers also send the tokens of later rows. */
const browsers: readonly (readonly [token: RegExp, name: string])[] = [
  [/\bEdg(A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|HeadlessChrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const systems: readonly (readonly [token: RegExp, name: string])[] = [
  [/\b(iPhone|iPad)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

/** Names browser and system of a `User-Agent` header. Versions, which would identify the user, are not kept. */
export function browserFamily(userAgent = ''): string {
  const [browser = 'Another browser'] = find(browsers, userAgent)
  const [system] = find(systems, userAgent)
  return system === undefined ? browser : `${browser} on ${system}`
}

function find(names: typeof browsers, userAgent: string): string[] {
  return names.filter(([token]) => token.test(userAgent)).map(([, name]) => name)
}
