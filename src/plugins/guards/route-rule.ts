import type { FastifyInstance, onSendHookHandler, RouteOptions } from 'fastify'
import { httpErrors, ServiceError } from '../../errors/catalogue.ts'
import { type Check, checksOf, type Guard, guardsOf } from './guard.ts'
import { documentGuards } from './openapi.ts'

/** A route and who may call it. */
export interface RouteEntry {
  readonly method: string
  readonly path: string
  /** Empty: anyone may call it. */
  readonly guards: readonly Guard[]
}

/**
 * Applies the rule of routes to every route that is declared from now on, in every scope: it says who may call it, or
 * the boot stops. The guards decide in `onRequest`, before any hook of the route and before the body is read, and again
 * as preHandlers. When the server is ready, each route is compared with what was checked.
 *
 * @param publicRoutes `METHOD path` of routes that third-party plugins add
 */
export function enforceRouteRule(app: FastifyInstance, publicRoutes: ReadonlySet<string>): RouteEntry[] {
  const table: RouteEntry[] = []
  const enforced: [route: RouteOptions, checks: readonly Check[]][] = []

  app.addHook('onRoute', (route) => {
    const guards = guardsOf(route)
    const names = namesOf(route)
    const isPublic =
      route.config?.public === true ||
      names.every((name) => publicRoutes.has(name.replace(/^HEAD /, 'GET ')) || publicRoutes.has(name))
    if (guards.length > 0 === isPublic) throw new Error(undecided(route, isPublic))
    const tokenGuards = guards.filter(({ kind }) => kind !== 'session')
    const checks = checksOf(route)
    if (guards.length > 0) {
      const verification = tokenGuards.length > 0 ? [app.verifyToken] : []
      const passed: Check = (request, _reply, done) => {
        request.isGuardPassed = true
        done()
      }
      route.onRequest = [...verification, ...checks, passed, ...[route.onRequest ?? []].flat()]
      route.onSend = [refuseUndecided, ...[route.onSend ?? []].flat()]
      enforced.push([route, [...checks, passed]])
    }
    route.schema = documentGuards(route.schema ?? {}, tokenGuards)
    for (const method of [route.method].flat()) table.push({ method, path: route.url, guards })
  })
  app.addHook('onReady', async () => {
    for (const [route, checks] of enforced) {
      const hooks = [route.onRequest ?? []].flat() as Check[]
      const isIntact = checks.every((check) => hooks.includes(check)) && checksOf(route).length > 0
      if (!isIntact) throw new Error(`${nameOf(route)} has lost its guard: another onRoute hook replaced it`)
    }
  })
  return table
}

/** Hooks of a scope run before those of a route: what they send may not replace the decision of the guard. */
const refuseUndecided: onSendHookHandler = (request, reply, payload, done) => {
  if (request.isGuardPassed || reply.statusCode >= 300) return done(null, payload)
  done(new ServiceError(httpErrors.internalError, { cause: new Error('a hook answered before the guard') }))
}

function undecided(route: RouteOptions, isPublic: boolean): string {
  const problem = isPublic ? 'has a guard and is marked public' : 'does not say who may call it'
  return `${nameOf(route)} ${problem}. Give its options exactly one of:
  preHandler: app.authenticate                            any valid token
  preHandler: app.requiresScope('read:things')            a token with the scope
  preHandler: app.requiresPermission('read:things')       a token with the permission
  preHandler: app.requiresSignIn                          on pages: a user who signed in
  config: { public: true }                                anyone`
}

function nameOf({ method, url }: RouteOptions): string {
  return `${[method].flat().join(', ')} ${url}`
}

function namesOf({ method, url }: RouteOptions): string[] {
  return [method].flat().map((name) => `${name} ${url}`)
}
