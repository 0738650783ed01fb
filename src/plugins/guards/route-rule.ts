import type { FastifyInstance, onSendHookHandler, RouteOptions } from 'fastify'
import { httpErrors, ServiceError } from '../../errors/catalogue.ts'
import { type Check, checksOf, type Guard, guardsOf } from './guard.ts'
import { documentGuards } from './openapi.ts'

/** A route and its guards. */
export interface RouteEntry {
  readonly method: string
  readonly path: string
  /** Empty for a public route. */
  readonly guards: readonly Guard[]
}

/**
 * Enforces the route rule on all routes that are declared afterwards, in every scope: a route that is neither guarded nor
 * public stops the boot. Guards decide in `onRequest`, before the hooks of the route and before the body is read, and
 * again as preHandlers. When the server is ready, the hooks of each route are checked again.
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
      route.onSend = [rejectUndecided, ...[route.onSend ?? []].flat()]
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

/** Replaces a response that a hook of the scope has sent before the guard of the route has decided. */
const rejectUndecided: onSendHookHandler = (request, reply, payload, done) => {
  if (request.isGuardPassed || reply.statusCode >= 300) return done(null, payload)
  done(new ServiceError(httpErrors.internalError, { cause: new Error('a hook answered before the guard') }))
}

function undecided(route: RouteOptions, isPublic: boolean): string {
  const problem = isPublic ? 'has a guard and is marked public' : 'does not say who may call it'
  return `${nameOf(route)} ${problem}. Give its options exactly one of:
  preHandler: app.authenticate                            any valid token
  preHandler: app.requiresScope('read:things')            a token with the scope
  preHandler: app.requiresPermission('read:things')       a token with the permission
  preHandler: app.requiresLogin                           on pages: a user who is logged in
  config: { public: true }                                anyone`
}

function nameOf({ method, url }: RouteOptions): string {
  return `${[method].flat().join(', ')} ${url}`
}

function namesOf({ method, url }: RouteOptions): string[] {
  return [method].flat().map((name) => `${name} ${url}`)
}
