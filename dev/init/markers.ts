/**
 * Markers of parts are comments. On a line of its own, `part: NAME` begins a region that ends at `end`; behind code or text, it marks
 * the line.
 */
const marker = /^(.*?)(?:\/\/|#|<!--|(?:<%)?\/\*) part: ([\w-]+)(?: -->| \*\/(?:%>)?)?$/
const end = /^\s*(?:\/\/|#|<!--|(?:<%)?\/\*) end(?: -->| \*\/(?:%>)?)?$/

/**
 * Removes the marked lines of the parts.
 *
 * @throws {Error} if a region is not closed
 */
export function removeMarked(text: string, parts: ReadonlySet<string>): string {
  const regions: boolean[] = []
  let hasRemoved = false
  const lines = text.split('\n').filter((line) => {
    const isInside = regions.includes(true)
    const [, before = '', part] = marker.exec(line) ?? []
    const isMarked = part !== undefined && parts.has(part)
    const isEnd = part === undefined && end.test(line)
    const isRemoved = isInside || isMarked || (isEnd && regions.at(-1) === true)
    if (part !== undefined && before.trim() === '') regions.push(isMarked)
    if (isEnd && regions.pop() === undefined) throw new Error(`no region begins before: ${line}`)
    hasRemoved ||= isRemoved
    return !isRemoved
  })
  if (regions.length > 0) throw new Error('a region has no end')
  if (!hasRemoved) return text
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/\n+$/, '\n')
}
