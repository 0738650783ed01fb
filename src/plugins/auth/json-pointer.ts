import { isObject } from '../../http/fetch-json.ts'

/**
 * Compiles a JSON pointer (RFC 6901) to a function that returns the value in a document, or undefined.
 *
 * @throws {TypeError} if the text is not a JSON pointer
 */
export function compilePointer(pointer: string): (document: unknown) => unknown {
  if (!/^(\/([^~]|~[01])*)?$/s.test(pointer)) throw new TypeError(`${pointer} is not a JSON pointer`)
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  return (document) => names.reduce(memberOf, document)
}

/** Returns own members only: `/constructor` is not a claim. */
function memberOf(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return /^(0|[1-9]\d*)$/.test(name) ? value[Number(name)] : undefined
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}
