import type { FastifySchema } from 'fastify'
import { Type } from 'typebox'
import type { Guard } from './guard.ts'

/** The shape of every error answer (docs/errors.md). */
export const ErrorBody = Type.Object(
  {
    statusCode: Type.Integer(),
    code: Type.String(),
    error: Type.String(),
    message: Type.String(),
    validation: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
  },
  { $id: 'Error', description: 'What went wrong; `code` is stable' },
)

/** Writes into a route's schema what its guards mean to a client: OpenAPI `security` and the refusals. */
export function documentGuards(schema: FastifySchema, guards: readonly Guard[]): FastifySchema {
  const refusals: Record<number, unknown> = {
    ...(schema.body || schema.querystring ? { 400: refusal('The request is not valid') } : {}),
    ...(schema.params ? { 404: refusal('There is none, or none of the caller’s') } : {}),
    ...(guards.length > 0
      ? {
          401: refusal('No token, or one that is not acceptable'),
          503: refusal('The identity provider or the database cannot be reached'),
        }
      : {}),
    ...(guards.some(({ kind }) => kind !== 'token') ? { 403: refusal('The token does not grant this') } : {}),
  }
  // Log in at the issuer, or paste a token that came another way
  const security =
    guards.length > 0 ? [{ issuer: guards.flatMap(({ required }) => required) }, { token: [] }] : []
  return { ...schema, security, response: { ...refusals, ...(schema.response as object) } }
}

function refusal(description: string) {
  return { description, ...Type.Ref('Error') }
}
