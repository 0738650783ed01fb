import type { Guard } from './guard.ts'

/** Describes guards in words, for the route table and the OpenAPI document. */
export function describeGuards(guards: readonly Guard[]): string {
  if (guards.length === 0) return 'anyone'
  const isImplied = guards.some(({ kind }) => kind !== 'token' && kind !== 'authorization')
  const [token] = guards
  const specific = guards.filter(({ kind }) => kind !== 'token')
  return join('and', isImplied ? specific : [token as Guard, ...specific])
}

function describe({ kind, required, children = [] }: Guard): string {
  switch (kind) {
    case 'token':
      return 'a valid token'
    case 'optional':
      return 'an optional token'
    // part: web-app
    case 'session':
      return 'signed in'
    // end
    case 'authentication':
      return `a login with ${required.join(' and ')}`
    case 'any':
      return join('or', children)
    case 'all':
      return join('and', children)
    case 'authorization':
      return `authorization by ${required.join()}`
    default:
      return required.map((name) => `${kind} ${name}`).join(' and ')
  }
}

/** Joins descriptions. A combination within another is put in parentheses. */
function join(word: 'and' | 'or', guards: readonly Guard[]): string {
  const parts = guards.map((guard) => {
    const isNested = guards.length > 1 && guard.children !== undefined
    return isNested ? `(${describe(guard)})` : describe(guard)
  })
  return parts.join(` ${word} `)
}
