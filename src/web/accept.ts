/**
 * Whether the caller would rather have a page than JSON (RFC 9110, section 12.5.1). Who has no preference, as most
 * programs, is no browser.
 */
export function prefersHtml(accept = ''): boolean {
  return quality(accept, 'text/html') > quality(accept, 'application/json')
}

/** The weight of the most specific range that covers the type. */
function quality(accept: string, type: string): number {
  const weights = new Map(accept.split(',').map(parseRange))
  const [group] = type.split('/')
  return weights.get(type) ?? weights.get(`${group}/*`) ?? weights.get('*/*') ?? 0
}

function parseRange(range: string): [name: string | undefined, weight: number] {
  const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  return [name, weight ? Number(weight.slice(2)) || 0 : 1]
}
