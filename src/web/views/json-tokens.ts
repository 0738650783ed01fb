/** A piece of JSON text. The stylesheet has a colour for each kind but `plain`. */
export interface JsonToken {
  readonly kind: string
  readonly text: string
}

/** The groups together match every character of valid JSON. */
const TOKENS =
  /(?<name>"(?:[^"\\]|\\.)*"(?=:))|(?<string>"(?:[^"\\]|\\.)*")|(?<number>-?\d[\d.eE+-]*)|(?<word>true|false|null)|(?<plain>[[\]{},:\s]+)/g

/** Characters of the longest text that is highlighted: each token becomes an element of the page. */
const MAX_LENGTH = 20_000

/** Splits JSON for highlighting. Other text, and text that is too long, is one plain token. */
export function jsonTokens(text: string): JsonToken[] {
  if (text.length > MAX_LENGTH || !isJson(text)) return [{ kind: 'plain', text }]
  return [...text.matchAll(TOKENS)].flatMap(({ groups = {} }) =>
    Object.entries(groups).flatMap(([kind, token]) => (token === undefined ? [] : [{ kind, text: token }])),
  )
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
