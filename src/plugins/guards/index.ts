import type { FastifyPluginAsync, FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import { requireToken } from '../auth/index.ts'
import { type AuthenticationLevel, requiresAuthentication } from './authentication.ts'
import { authorize } from './authorize.ts'
import { allOf, anyOf, type TokenGuard } from './evaluate.ts'
import { type Check, makeGuard } from './guard.ts'
import { ErrorBody } from './openapi.ts'
import { enforceRouteRule, type RouteEntry } from './route-rule.ts'
import type { ProvidesNothing } from './route-types.ts'
import {
  authenticate,
  requiresAnyPermission,
  requiresAnyScope,
  requiresClaim,
  requiresPermission,
  requiresRole,
  requiresScope,
} from './token-guards.ts'

export { describeGuards } from './describe.ts'
export { guardErrors } from './errors.ts'
export type { TokenGuard } from './evaluate.ts'
export { type Guard, makeDependent, makeGuard } from './guard.ts'
export { scopesOf } from './openapi.ts'
export { requireOwnIssuer } from './own-issuer.ts'
export { metadataPath } from './resource.ts'
export type { RouteEntry } from './route-rule.ts'
export type { Provides } from './route-types.ts'

type Plugin<Options extends object> = FastifyPluginAsync<Options> | FastifyPluginCallback<Options>

declare module 'fastify' {
  interface FastifyInstance {
    /** Guard: any valid token. */
    authenticate: ReturnType<typeof authenticate>
    /** Guard: the scopes of the token must contain all of these. */
    requiresScope: typeof requiresScope
    /** Guard: the scopes of the token must contain one of these; the first is the one to ask for. */
    requiresAnyScope: typeof requiresAnyScope
    /** Guard: the `permissions` of the token (Auth0 RBAC) must contain all of these. */
    requiresPermission: typeof requiresPermission
    /** Guard: the `permissions` of the token must contain one of these; the first is the one to ask for. */
    requiresAnyPermission: typeof requiresAnyPermission
    /** Guard: the roles of the token must contain all of these. */
    requiresRole: typeof requiresRole
    /** Guard: the claim at the JSON pointer must be, or contain, one of the values. */
    requiresClaim: typeof requiresClaim
    /** Guard: the login behind the token must have one of the classes, and be recent enough (RFC 9470). */
    requiresAuthentication: (level: AuthenticationLevel) => TokenGuard
    /** Guard: one of the guards must accept the request. */
    anyOf: typeof anyOf
    /** Guard: all guards must accept the request. */
    allOf: typeof allOf
    /** Guard: a valid token or no `Authorization` header. Without one, `request.token` is null. */
    optionalToken: Check & ProvidesNothing
    /** Follows a guard: the function must return true for a request that has passed the validation. */
    authorize: typeof authorize
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
    /** Path of the declared resource that the route belongs to; this plugin sets it. */
    resource?: string
  }
}

export interface GuardOptions {
  /** Address at which clients reach the service, if it serves metadata of its protected resources (RFC 9728). */
  readonly publicUrl?: string
}

/** Adds the guards, and stops the boot if a route is neither guarded nor public. Register it before any route. */
export default fp<GuardOptions>(
  async (app, { publicUrl }) => {
    const publicRoutes = new Set<string>()

    app.addSchema(ErrorBody)
    app.decorateRequest('isGuardPassed', false)
    app.decorate('authenticate', authenticate())
    app.decorate('requiresScope', requiresScope)
    app.decorate('requiresAnyScope', requiresAnyScope)
    app.decorate('requiresPermission', requiresPermission)
    app.decorate('requiresAnyPermission', requiresAnyPermission)
    app.decorate('requiresRole', requiresRole)
    app.decorate('requiresClaim', requiresClaim)
    app.decorate('requiresAuthentication', (level) =>
      requiresAuthentication(level, app.verifier.clockToleranceSeconds),
    )
    app.decorate('anyOf', anyOf)
    app.decorate('allOf', allOf)
    app.decorate('optionalToken', optionalToken)
    app.decorate('authorize', authorize)
    app.decorate('registerPublic', async (plugin, options, routes) => {
      for (const route of routes) publicRoutes.add(route)
      await app.register(plugin, options)
    })
    app.decorate('routeTable', enforceRouteRule(app, publicRoutes, publicUrl))
  },
  { name: 'guards', dependencies: ['auth'] },
)

/** Without `verifyToken` it rejects every request with an `Authorization` header. */
const optionalToken = makeGuard({ kind: 'optional', required: [] }, (request, _reply, done) => {
  if (request.headers.authorization !== undefined) requireToken(request.token)
  done()
}) as Check & ProvidesNothing
