import type { FastifyInstance, onSendHookHandler, RouteOptions } from 'fastify'
import { BootError } from '../../errors/boot-error.ts'
import { httpErrors, ServiceError } from '../../errors/catalogue.ts'
import { ROOT } from '../auth/index.ts'
import { rejectionStatus } from './authorize.ts'
import { assertDecided, nameOf } from './declaration.ts'
import { type Check, checksOf, type Guard, guardOf, isForTokens } from './guard.ts'
import { documentGuards } from './openapi.ts'
import { acceptsResource, completeChallenge, type MoreParameters, moreParameters } from './resource.ts'

/** A route and its guards. */
export interface RouteEntry {
  readonly method: string
  readonly path: string
  /** Empty for a public route. */
  readonly guards: readonly Guard[]
}

/** Hooks and the resource that a route must have when the server is ready. */
interface Enforced {
  readonly route: RouteOptions
  readonly resource: string
  readonly onRequest: readonly Check[]
  readonly preHandler: readonly Check[]
}

/**
 * Enforces the route rule on all routes that are declared afterwards, in every scope: a route that is neither guarded nor
 * public stops the boot. Guards decide in `onRequest`, before the hooks of the route and before the body is read, and
 * again as preHandlers, where `app.authorize` follows them. When the server is ready, the hooks of each route are checked
 * again.
 *
 * @param publicRoutes `METHOD path` of routes that third-party plugins add
 * @param publicUrl address at which clients reach the service
 */
export function enforceRouteRule(
  app: FastifyInstance,
  publicRoutes: ReadonlySet<string>,
  publicUrl: string | undefined,
): RouteEntry[] {
  const table: RouteEntry[] = []
  const enforced: Enforced[] = []

  app.addHook('onRoute', (route) => {
    const declared = checksOf(route)
    const guards = declared.map(guardOf)
    assertDecided(route, guards, route.config?.public === true || isListed(route, publicRoutes))

    const decisions = declared.filter((check) => guardOf(check).kind === 'authorization')
    const needsToken = guards.some(isForTokens)
    if (declared.length > 0) {
      const resource = app.resources.pathOf(route.url)
      const verification = needsToken ? [app.verifyToken] : []
      const hooks = enforcedHooks(needsToken ? [acceptsResource(resource)] : [], declared, decisions)
      const parameters = needsToken ? moreParameters(guards, resource, publicUrl) : {}
      const isTokenOptional = guards.some(({ kind }) => kind === 'optional')
      if (isTokenOptional) route.config = { ...route.config, isTokenOptional }
      if (resource !== ROOT) route.config = { ...route.config, resource }
      route.onRequest = [...verification, ...hooks.onRequest, ...[route.onRequest ?? []].flat()]
      route.preHandler = withMark(route.preHandler as Check | Check[], decisions.at(-1))
      route.onSend = [rejectUndecided(parameters), ...[route.onSend ?? []].flat()]
      enforced.push({ route, resource, ...hooks })
    }
    const documented = guards.filter(
      (guard) => isForTokens(guard) || (needsToken && guard.kind === 'authorization'),
    )
    const statuses = decisions.map((decision) => rejectionStatus(decision, route.url))
    route.schema = documentGuards(route.schema ?? {}, documented, statuses)
    for (const method of [route.method].flat()) table.push({ method, path: route.url, guards })
  })
  app.addHook('onReady', async () => {
    for (const { route, resource, onRequest, preHandler } of enforced) {
      const isIntact = hasAll(route.onRequest, onRequest) && hasAll(route.preHandler, preHandler)
      const declared = app.resources.pathOf(route.url)
      if (declared !== resource)
        throw new BootError(`app.protectedResource('${declared}') must stand before ${nameOf(route)}`)
      if (!isIntact)
        throw new BootError(`${nameOf(route)} has lost its guard: another onRoute hook replaced it`)
    }
  })
  return table
}

/** Nothing may respond before the last check: a guard, or the last `app.authorize`. */
function enforcedHooks(
  first: Check[],
  declared: Check[],
  decisions: Check[],
): Pick<Enforced, 'onRequest' | 'preHandler'> {
  const checks = [...first, ...declared.filter((check) => !decisions.includes(check))]
  return decisions.length > 0
    ? { onRequest: checks, preHandler: [...declared, markPassed] }
    : { onRequest: [...checks, markPassed], preHandler: declared }
}

const markPassed: Check = (request, _reply, done) => {
  request.isGuardPassed = true
  done()
}

function withMark(preHandlers: Check | Check[], last: Check | undefined): Check[] {
  return [preHandlers].flat().flatMap((handler) => (handler === last ? [handler, markPassed] : handler))
}

/**
 * Replaces a response that a hook of the scope has sent before the guard of the route has decided, and completes the
 * challenge of a rejection.
 */
function rejectUndecided(parameters: MoreParameters): onSendHookHandler {
  return (request, reply, payload, done) => {
    const isRejection = reply.statusCode >= 300
    if (isRejection) completeChallenge(reply, parameters)
    if (isRejection || request.isGuardPassed) return done(null, payload)
    done(new ServiceError(httpErrors.internalError, { cause: new Error('a hook answered before the guard') }))
  }
}

function hasAll(hooks: unknown, expected: readonly Check[]): boolean {
  const present: unknown[] = [hooks].flat()
  return expected.every((check) => present.includes(check))
}

function isListed({ method, url }: RouteOptions, publicRoutes: ReadonlySet<string>): boolean {
  return [method]
    .flat()
    .every(
      (name) =>
        publicRoutes.has(`${name.replace(/^HEAD$/, 'GET')} ${url}`) || publicRoutes.has(`${name} ${url}`),
    )
}
