import type { FastifySchema, RouteOptions } from 'fastify'
import { type ErrorDefinition, httpErrors } from '../../errors/catalogue.ts'
import { tokenErrors } from '../auth/index.ts'
import { type Guard, guardErrors } from '../guards/index.ts'

/** Errors that any route may respond with: faults of the service and of the connection. */
export const generalErrors = [httpErrors.internalError, httpErrors.requestTimeout, httpErrors.headersTooLarge]

const METHODS_WITH_BODY = ['POST', 'PUT', 'PATCH', 'DELETE']

/** Lists the errors that a route can respond with, besides the general ones. */
export function errorsOf(route: RouteOptions, method: string, guards: readonly Guard[]): ErrorDefinition[] {
  const { schema = {}, config = {} } = route
  const kinds = [...new Set(guards.flatMap(kindsOf))]
  const isProbe = config.rateLimit === false
  return [
    httpErrors.badRequest,
    ...(schema.body || schema.querystring ? [httpErrors.validationFailed] : []),
    ...(guards.length > 0 ? Object.values(anyToken) : []),
    ...kinds.flatMap((kind) => errorsByKind[kind] ?? []),
    ...(kinds.includes('authorization') ? declared(schema, [guardErrors.forbidden]) : []),
    ...declared(schema, [httpErrors.notFound]),
    ...(METHODS_WITH_BODY.includes(method) ? [httpErrors.bodyTooLarge, httpErrors.unsupportedMediaType] : []),
    ...(isProbe ? [] : [httpErrors.rateLimited, httpErrors.overloaded]),
    ...(config.errors ?? []),
  ]
}

const { insufficientAuthentication, ...anyToken } = tokenErrors

const errorsByKind: Partial<Record<Guard['kind'], readonly ErrorDefinition[]>> = {
  scope: [guardErrors.insufficientScope],
  permission: [guardErrors.insufficientPermissions],
  role: [guardErrors.insufficientRole],
  claim: [guardErrors.insufficientClaims],
  authentication: [insufficientAuthentication],
}

function kindsOf({ kind, children = [] }: Guard): Guard['kind'][] {
  return [kind, ...children.flatMap(kindsOf)]
}

/** Returns the errors whose status the schema of the route has, from its guards. */
function declared({ response = {} }: FastifySchema, errors: readonly ErrorDefinition[]) {
  return errors.filter(({ statusCode }) => statusCode in (response as object))
}
