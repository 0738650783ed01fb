import type { preHandlerHookHandler, RouteOptions } from 'fastify'

/** Requirements of a guard. */
export interface Guard {
  /** `token`, `scope` and `permission` are for access tokens, `session` is for pages. */
  readonly kind: 'token' | 'scope' | 'permission' | 'session'
  readonly required: readonly string[]
}

/** Decides about a request: calls `done` without an error to accept it. Otherwise calls `done` with one, or responds. */
export type Check = preHandlerHookHandler

const guards = new WeakMap<Check, Guard>()

/** Marks a preHandler as a guard. Enforcement, OpenAPI and the route table derive from this one declaration. */
export function makeGuard(guard: Guard, check: Check): Check {
  guards.set(check, guard)
  return check
}

/** Returns the guards among the preHandlers of the route. A request must pass all of them. */
export function guardsOf(route: Pick<RouteOptions, 'preHandler'>): Guard[] {
  return checksOf(route).map((check) => guards.get(check) as Guard)
}

/** Returns the preHandlers of the route that are guards. */
export function checksOf({ preHandler = [] }: Pick<RouteOptions, 'preHandler'>): Check[] {
  return [preHandler].flat().filter((handler) => guards.has(handler))
}

/** Describes guards in words, for the route table. */
export function describeGuards(guards: readonly Guard[]): string {
  if (guards.length === 0) return 'anyone'
  if (guards.some(({ kind }) => kind === 'session')) return 'signed in'
  const requirements = guards.flatMap(({ kind, required }) => required.map((name) => `${kind} ${name}`))
  return requirements.length === 0 ? 'a valid token' : requirements.join(' and ')
}
