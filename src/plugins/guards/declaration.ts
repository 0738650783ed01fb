import type { RouteOptions } from 'fastify'
import { BootError } from '../../errors/boot-error.ts'
import { dependentOf, type Guard, isForTokens } from './guard.ts'

/** @throws {BootError} unless the route says who may call it, in exactly one way */
export function assertDecided(route: RouteOptions, guards: readonly Guard[], isPublic: boolean): void {
  const problem = problemOf(guards, isPublic) ?? lackOf(route, guards)
  if (problem === undefined) return
  throw new BootError(
    `${nameOf(route)} ${problem}. Give its options exactly one of:\n${options.join('\n')}\ndocs/guards.md lists all guards`,
  )
}

const options = [
  '  preHandler: app.authenticate                            any valid token',
  "  preHandler: app.requiresScope('read:things')            a token with the scope",
  "  preHandler: app.requiresPermission('read:things')       a token with the permission",
  "  preHandler: app.requiresRole('editor')                  a token with the role",
  "  preHandler: app.requiresClaim('/org_id', 'org_1')       a token with the claim",
  '  preHandler: app.anyOf(guard, guard)                     a token that one of the guards accepts',
  '  preHandler: app.optionalToken                           a valid token, or none',
  '  preHandler: app.requiresLogin                           on pages: a user who is logged in', // part: web-app
  '  config: { public: true }                                anyone',
]

export function nameOf({ method, url }: RouteOptions): string {
  return `${[method].flat().join(', ')} ${url}`
}

/** A preHandler that needs the token would reject every request of a route that does not verify one. */
function lackOf(route: RouteOptions, guards: readonly Guard[]): string | undefined {
  const name = dependentOf(route)
  return name === undefined || guards.some(isForTokens)
    ? undefined
    : `has ${name}, which needs a guard of access tokens`
}

function problemOf(guards: readonly Guard[], isPublic: boolean): string | undefined {
  if (guards[0]?.kind === 'authorization') return 'has app.authorize without a guard before it'
  if (guards.length > 0 && isPublic) return 'has a guard and is marked public'
  if (guards.length === 0 && !isPublic) return 'does not say who may call it'
  const tokenGuards = guards.filter(({ kind }) => kind !== 'authorization')
  const isOptional = tokenGuards.some(({ kind }) => kind === 'optional')
  return isOptional && tokenGuards.length > 1 ? 'has app.optionalToken beside another guard' : undefined
}
