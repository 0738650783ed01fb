import type { FastifyPluginAsync, FastifyPluginCallback, preHandlerHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import type { ErrorDefinition } from '../../errors/catalogue.ts'
import { ServiceError } from '../../errors/catalogue.ts'
import { challenge, requireToken, type VerifiedToken } from '../auth/index.ts'
import { guardErrors } from './errors.ts'
import { type Guard, makeGuard } from './guard.ts'
import { ErrorBody } from './openapi.ts'
import { enforceRouteRule, type RouteEntry } from './route-rule.ts'

export { guardErrors } from './errors.ts'
export { type Guard, makeGuard } from './guard.ts'

type Plugin<Options extends object> = FastifyPluginAsync<Options> | FastifyPluginCallback<Options>
type Names = [string, ...string[]]

declare module 'fastify' {
  interface FastifyInstance {
    /** Guard: any valid token. */
    authenticate: preHandlerHookHandler
    /** Guard: the `scope` of the token must contain all of these. */
    requiresScope: (...scopes: Names) => preHandlerHookHandler
    /** Guard: the `permissions` of the token (Auth0 RBAC) must contain all of these. */
    requiresPermission: (...permissions: Names) => preHandlerHookHandler
    /** Registers a third-party plugin whose given routes (`'OPTIONS *'`) are public. */
    registerPublic: <Options extends object>(
      plugin: Plugin<Options>,
      options: Options,
      routes: readonly string[],
    ) => Promise<void>
    /** All routes with their guards. */
    routeTable: readonly RouteEntry[]
  }
  interface FastifyRequest {
    /** Whether the request has passed all guards of the route. */
    isGuardPassed: boolean
  }
  interface FastifyContextConfig {
    /** Whether the route needs no token. */
    public?: boolean
  }
}

/** Adds the guards, and stops the boot if a route is neither guarded nor public. Register it before any route. */
export default fp(
  async (app) => {
    const publicRoutes = new Set<string>()

    app.addSchema(ErrorBody)
    app.decorateRequest('isGuardPassed', false)
    app.decorate(
      'authenticate',
      tokenGuard({ kind: 'token', required: [] }, guardErrors.insufficientScope, () => []),
    )
    app.decorate('requiresScope', (...required) =>
      tokenGuard(named({ kind: 'scope', required }), guardErrors.insufficientScope, ({ scopes }) => scopes),
    )
    app.decorate('requiresPermission', (...required) =>
      tokenGuard(
        named({ kind: 'permission', required }),
        guardErrors.insufficientPermissions,
        ({ permissions }) => permissions,
      ),
    )
    app.decorate('registerPublic', async (plugin, options, routes) => {
      for (const route of routes) publicRoutes.add(route)
      await app.register(plugin, options)
    })
    app.decorate('routeTable', enforceRouteRule(app, publicRoutes))
  },
  { name: 'guards', dependencies: ['auth'] },
)

/** Makes a guard that runs after `verifyToken`, which sends 401 itself. Without `verifyToken` it rejects every request. */
function tokenGuard(
  guard: Guard,
  error: ErrorDefinition,
  granted: (token: VerifiedToken) => readonly string[],
): preHandlerHookHandler {
  const { required } = guard
  return makeGuard(guard, (request, _reply, done) => {
    const grants = granted(requireToken(request.token))
    const missing = required.filter((name) => !grants.includes(name))
    if (missing.length === 0) return done()
    const detail = `missing ${missing.join(' ')}`
    done(new ServiceError(error, { detail, headers: challenge(error, required) }))
  })
}

/** @throws {TypeError} for an empty list, which would let any token pass */
function named(guard: Guard): Guard {
  if (guard.required.length > 0 && guard.required.every((name) => typeof name === 'string' && name !== ''))
    return guard
  throw new TypeError(`a guard by ${guard.kind} needs the names that it requires`)
}
