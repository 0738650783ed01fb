import type { preHandlerHookHandler, RouteOptions } from 'fastify'

/** Who may call a route: what its guard requires. */
export interface Guard {
  /** `token` and what it grants, or on pages the `session` of a user who signed in. */
  readonly kind: 'token' | 'scope' | 'permission' | 'session'
  readonly required: readonly string[]
}

/** The decision of a guard: calls `done` with an error, or sends a response, unless the request may go on. */
export type Check = preHandlerHookHandler

const guards = new WeakMap<Check, Guard>()

/** Makes the preHandler of a guard. What it requires is declared here once; everything else derives from it. */
export function makeGuard(guard: Guard, check: Check): Check {
  guards.set(check, guard)
  return check
}

/** The guards among the route's own preHandlers. All of them have to pass. */
export function guardsOf(route: Pick<RouteOptions, 'preHandler'>): Guard[] {
  return checksOf(route).map((check) => guards.get(check) as Guard)
}

/** The preHandlers of the route that are guards. */
export function checksOf({ preHandler = [] }: Pick<RouteOptions, 'preHandler'>): Check[] {
  return [preHandler].flat().filter((handler) => guards.has(handler))
}

/** Who may call the route, in words, for the table of routes. */
export function describeGuards(guards: readonly Guard[]): string {
  if (guards.length === 0) return 'anyone'
  if (guards.some(({ kind }) => kind === 'session')) return 'signed in'
  const requirements = guards.flatMap(({ kind, required }) => required.map((name) => `${kind} ${name}`))
  return requirements.length === 0 ? 'a valid token' : requirements.join(' and ')
}
