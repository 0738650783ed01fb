/**
 * Parses the text of a variable. Returns `undefined` for text other than `expected`.
 *
 * @throws {Rejection} with a more precise reason
 */
export interface Parse<T> {
  (text: string): T | undefined
  expected: string
}

/** Reason why text cannot be used. It must not contain the text, which may be a secret. */
class Rejection extends Error {}

/** @throws {Rejection} */
export function reject(reason: string): never {
  throw new Rejection(reason)
}

export const text = parser('text', (text) => text)

export function integer(minimum: number, maximum: number): Parse<number> {
  return parser(`a whole number from ${minimum} to ${maximum}`, (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    return number >= minimum && number <= maximum ? number : undefined
  })
}

export const flag = parser('true or false', (text) => ({ true: true, false: false })[text])

export function choice<const T extends string>(...values: T[]): Parse<T> {
  return parser(`one of ${values.join(', ')}`, (text) => values.find((value) => value === text))
}

export function parser<T>(expected: string, parse: (text: string) => T | undefined): Parse<T> {
  return Object.assign(parse, { expected })
}

/** A frozen list of items separated by commas. Only the empty text, which is a default, has none. */
export function listOf(
  expected: string,
  parseItem: (item: string) => string | undefined,
): Parse<readonly string[]> {
  return parser(`${expected}, several separated by commas`, (text) => {
    const items = text === '' ? [] : text.split(',').map((item) => parseItem(item.trim()))
    return items.every((item) => item !== undefined && item !== '')
      ? Object.freeze(items as string[])
      : undefined
  })
}
