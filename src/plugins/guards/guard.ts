import type { preHandlerHookHandler, RouteOptions } from 'fastify'

/** Requirements of a guard. Enforcement, OpenAPI and the route table derive from them. */
export interface Guard {
  /** `any` and `all` combine their children. `optional` accepts a request without a token. */
  readonly kind:
    | 'token'
    | 'scope'
    | 'permission'
    | 'role'
    | 'claim'
    | 'authentication'
    | 'any'
    | 'all'
    | 'optional'
    | 'session' // part: web-app
    | 'authorization'
  readonly required: readonly string[]
  readonly children?: readonly Guard[]
}

const otherKinds: ReadonlySet<Guard['kind']> = new Set([
  'authorization', // a decision of the route that follows a guard
  // part: web-app
  'session', // of a page
  // end
])

/** Tells whether a guard is for access tokens. */
export function isForTokens({ kind }: Guard): boolean {
  return !otherKinds.has(kind)
}

/** Decides about a request: calls `done` without an error to accept it. Otherwise calls `done` with one, or responds. */
export type Check = preHandlerHookHandler

const guards = new WeakMap<Check, Guard>()

/** Marks a preHandler as a guard. Enforcement, OpenAPI and the route table derive from this one declaration. */
export function makeGuard(guard: Guard, check: Check): Check {
  guards.set(check, guard)
  return check
}

const dependents = new WeakMap<Check, string>()

/** Marks a preHandler that needs the token of a guard. A route that has it without such a guard stops the boot. */
export function makeDependent<Dependent extends Check>(name: string, check: Dependent): Dependent {
  dependents.set(check, name)
  return check
}

/** Returns the name of the first preHandler that needs a token. */
export function dependentOf({ preHandler = [] }: Pick<RouteOptions, 'preHandler'>): string | undefined {
  const handler = [preHandler].flat().find((handler) => dependents.has(handler))
  return handler && dependents.get(handler)
}

/** Returns the guards among the preHandlers of the route. A request must pass all of them. */
export function checksOf({ preHandler = [] }: Pick<RouteOptions, 'preHandler'>): Check[] {
  return [preHandler].flat().filter((handler) => guards.has(handler))
}

/** Returns the requirements of a check that {@link makeGuard} has made. */
export function guardOf(check: Check): Guard {
  return guards.get(check) as Guard
}
