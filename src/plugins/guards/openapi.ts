import type { FastifySchema } from 'fastify'
import { Type } from 'typebox'
import type { Guard } from './guard.ts'

/** Schema of every error response (docs/errors.md). */
export const ErrorBody = Type.Object(
  {
    statusCode: Type.Integer(),
    code: Type.String(),
    error: Type.String(),
    message: Type.String(),
    validation: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
  },
  { $id: 'Error', description: 'An error; `code` is stable' },
)

/** Adds the OpenAPI `security` and error responses of the guards to the schema of a route. */
export function documentGuards(schema: FastifySchema, guards: readonly Guard[]): FastifySchema {
  const errors: Record<number, unknown> = {
    ...(schema.body || schema.querystring ? { 400: error('The request is not valid') } : {}),
    ...(schema.params ? { 404: error('No such resource, or it belongs to another user') } : {}),
    ...(guards.length > 0
      ? {
          401: error('The token is missing or not acceptable'),
          503: error('The identity provider or the database cannot be reached'),
        }
      : {}),
    ...(guards.some(({ kind }) => kind !== 'token') ? { 403: error('The token does not grant this') } : {}),
  }
  // Log in at the issuer, or paste a token from elsewhere
  const security =
    guards.length > 0 ? [{ issuer: guards.flatMap(({ required }) => required) }, { token: [] }] : []
  return { ...schema, security, response: { ...errors, ...(schema.response as object) } }
}

function error(description: string) {
  return { description, ...Type.Ref('Error') }
}
