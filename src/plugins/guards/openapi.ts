import type { FastifySchema } from 'fastify'
import { Type } from 'typebox'
import { describeGuards } from './describe.ts'
import type { Guard } from './guard.ts'

/** Schema of every error response (docs/errors.md). */
export const ErrorBody = Type.Object(
  {
    statusCode: Type.Integer({ description: 'Status of the response' }),
    code: Type.String({ description: 'Stable name of the error, for programs' }),
    error: Type.String({ description: 'Reason phrase of the status' }),
    message: Type.String({ description: 'Explanation for humans' }),
    validation: Type.Optional(
      Type.Array(Type.Object({ field: Type.String(), message: Type.String() }), {
        description: 'Fields of the request that are not valid',
      }),
    ),
  },
  { $id: 'Error', description: 'An error; `code` is stable' },
)

/**
 * Adds the OpenAPI `security` and error responses of the guards to the schema of a route.
 *
 * @param statuses status codes with which `app.authorize` rejects requests
 */
export function documentGuards(
  schema: FastifySchema,
  guards: readonly Guard[],
  statuses: readonly number[] = [],
): FastifySchema {
  const mayHide = schema.params !== undefined || statuses.includes(404)
  const isForbidding = guards.some(mayForbid) || statuses.includes(403)
  const errors: Record<number, unknown> = {
    ...(schema.body || schema.querystring ? { 400: error('The request is not valid') } : {}),
    ...(mayHide ? { 404: error('No such resource, or it belongs to another user') } : {}),
    ...(guards.length > 0
      ? {
          401: error(guards.some(needsLogin) ? TOKEN_OR_LOGIN : 'The token is missing or not acceptable'),
          503: error('The identity provider or the database cannot be reached'),
        }
      : {}),
    ...(isForbidding ? { 403: error(`Not granted: ${describeGuards(guards)}`) } : {}),
  }
  return { ...schema, security: securityOf(guards), response: { ...errors, ...(schema.response as object) } }
}

/** Lists the names of scopes and permissions in the guards. */
export function scopesOf(guards: readonly Guard[]): string[] {
  return [...new Set(alternatives({ kind: 'all', required: [], children: guards }).flat())]
}

/** Lists the scopes and permissions to request for a route: the first of its alternatives. */
export function requiredScopes(guards: readonly Guard[]): string[] {
  return alternatives({ kind: 'all', required: [], children: guards })[0] as string[]
}

/** Paste a token, or log in at the issuer for one of the alternatives. Importers use the first requirement. */
function securityOf(guards: readonly Guard[]): Record<string, string[]>[] {
  if (guards.length === 0) return []
  const anonymous = guards.some(({ kind }) => kind === 'optional') ? [{}] : []
  const logins = alternatives({ kind: 'all', required: [], children: guards }).map((issuer) => ({ issuer }))
  return [...anonymous, { token: [] }, ...logins]
}

/** Lists the sets of scopes and permissions of which one suffices. */
function alternatives({ kind, required, children = [] }: Guard): string[][] {
  if (kind === 'any') return distinct(children.flatMap(alternatives))
  if (kind === 'scope' || kind === 'permission') return [[...required]]
  return children
    .map(alternatives)
    .reduce<string[][]>(
      (sets, more) => distinct(sets.flatMap((set) => more.map((one) => [...set, ...one]))),
      [[]],
    )
}

function distinct(sets: readonly string[][]): string[][] {
  const unique = sets.map((set) => [...new Set(set)])
  return [...new Map(unique.map((set) => [set.join(' '), set])).values()]
}

/** Whether the guard may respond with 403. */
function mayForbid({ kind, children = [] }: Guard): boolean {
  const isLeaf = kind !== 'any' && kind !== 'all'
  return isLeaf ? !neverForbids.has(kind) : children.some(mayForbid)
}

/** Kinds that never respond with 403 themselves. */
const neverForbids = new Set<Guard['kind']>(['token', 'optional', 'authorization', 'authentication'])

const TOKEN_OR_LOGIN =
  'The token is missing or not acceptable, or a stronger or more recent log-in is required (RFC 9470)'

function needsLogin({ kind, children = [] }: Guard): boolean {
  return kind === 'authentication' || children.some(needsLogin)
}

function error(description: string) {
  return { description, ...Type.Ref('Error') }
}
