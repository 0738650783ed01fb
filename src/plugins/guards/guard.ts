import type { preHandlerHookHandler, RouteOptions } from 'fastify'

/** Who may call a route, as its guard function carries it. */
export interface Guard {
  /** What has to be shown: an access token, or on pages the session of somebody who has signed in. */
  readonly kind: 'token' | 'scope' | 'permission' | 'session'
  readonly required: readonly string[]
}

const guards = new WeakMap<preHandlerHookHandler, Guard>()

/** Makes a preHandler of the check and remembers what it asks for: the one declaration all else is derived from. */
export function makeGuard(guard: Guard, check: preHandlerHookHandler): preHandlerHookHandler {
  guards.set(check, guard)
  return check
}

/** The guards among the route's own preHandlers; all of them have to be passed. */
export function guardsOf({ preHandler = [] }: RouteOptions): Guard[] {
  return [preHandler].flat().flatMap((handler) => guards.get(handler) ?? [])
}

/** Who may call the route, in words: for the table of routes. */
export function describeGuards(guards: readonly Guard[]): string {
  if (guards.length === 0) return 'anyone'
  if (guards.some(({ kind }) => kind === 'session')) return 'signed in'
  const requirements = guards.flatMap(({ kind, required }) => required.map((name) => `${kind} ${name}`))
  return requirements.length === 0 ? 'a valid token' : requirements.join(' and ')
}
