import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { httpErrors, ServiceError } from '../../errors/catalogue.ts'
import { guardErrors, requireOwnIssuer } from '../../plugins/guards/index.ts'
import { storeErrors } from '../../plugins/store/index.ts'
import { Revocation, type RevocationKind } from '../../plugins/store/tables/revocation.ts'
import {
  cutoffAt,
  listRevocations,
  removeRevocation,
  revokeTokens,
} from '../../plugins/store/tables/revocations.ts'
import { IdParams, orNotFound } from '../../schemas/id.ts'
import { DEFAULT_LIMIT, linkToNext, PageQuery, pageHeaders } from '../../schemas/page.ts'
import { MAX_SUBJECT_LENGTH, Text } from '../../schemas/text.ts'

/** Names of the fields by kind. Only users and clients get new tokens, which a time tells from earlier ones. */
const fields = { sub: 'subject', client: 'clientId', sid: 'sid', jti: 'tokenId' } as const
const withoutBefore = { properties: { before: false } }

function newRevocation(issuers: Iterable<string>) {
  const text = (maxLength: number, description: string, ...examples: string[]) =>
    Type.Optional(Text({ minLength: 1, maxLength, description, examples }))
  return Type.Object(
    {
      issuer: Type.Unsafe<string>({
        type: 'string',
        enum: [...issuers],
        description: 'Issuer of the caller’s token',
      }),
      subject: text(MAX_SUBJECT_LENGTH, '`sub` of all tokens of a user', 'auth0|5f7c8ec7c33c6c004bbafe82'),
      sid: text(1000, '`sid` of the tokens of a session'),
      tokenId: text(1000, '`jti` of one token'),
      clientId: text(1000, 'Client of the tokens'),
      before: Type.Optional(
        Type.String({
          format: 'date-time',
          description: 'With `subject` or `clientId`: tokens issued earlier are revoked. Defaults to now',
        }),
      ),
      reason: text(200, 'For readers of the list', 'lost phone'),
    },
    {
      title: 'NewRevocation',
      description: 'Exactly one of `subject`, `sid`, `tokenId` and `clientId`',
      additionalProperties: false,
      oneOf: [
        { required: ['subject'] },
        { required: ['clientId'] },
        { required: ['sid'], ...withoutBefore },
        { required: ['tokenId'], ...withoutBefore },
      ],
    },
  )
}

type NewRevocation = Static<ReturnType<typeof newRevocation>>

const created = {
  ...Revocation,
  'x-response-description': 'The new revocation',
  headers: { Location: Type.String({ description: 'Path of the new revocation' }) },
}

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = app.documentTag('revocations', 'Access tokens that are rejected before they expire.')
  const config = { errors: [storeErrors.unavailable] }

  app.get(
    '/revocations',
    {
      config,
      preHandler: app.requiresScope('read:revocations'),
      schema: {
        operationId: 'listRevocations',
        tags,
        summary: 'List revocations',
        description: 'Lists the revocations of the caller’s issuer by ID, in pages.',
        querystring: PageQuery,
        response: {
          200: Type.Array(Revocation, { description: 'A page of revocations', headers: pageHeaders }),
        },
      },
    },
    async ({ token, query: { limit = DEFAULT_LIMIT, cursor = 0 } }, reply) => {
      const { items, next } = await listRevocations(app.store, token.issuer, { limit, cursor }, Date.now())
      linkToNext(reply, '/api/revocations', limit, next)
      return items
    },
  )

  app.post(
    '/revocations',
    {
      config: { errors: [storeErrors.unavailable, guardErrors.insufficientPermissions] },
      preHandler: app.requiresScope('create:revocations'),
      schema: {
        operationId: 'revokeTokens',
        tags,
        summary: 'Revoke access tokens',
        description:
          'Revokes a token, the tokens of a session, or those that a user or a client got before a time. Other replicas reject them a few seconds later.',
        body: newRevocation(app.issuers.keys()),
        response: { 201: created },
      },
    },
    async ({ token, body }, reply) => {
      requireOwnIssuer(token, body.issuer)
      const { issuer, reason } = body
      const now = Date.now()
      const chosen = choose(body, now)
      const until = Math.max(now, (chosen.before ?? 0) * 1000) + app.revocations.lifetimeMs
      const revocation = await revokeTokens(app.store, { issuer, reason, ...chosen, until }, now)
      await app.revocations.spread()
      return reply.code(201).header('location', `/api/revocations/${revocation.id}`).send(revocation)
    },
  )

  app.delete(
    '/revocations/:id',
    {
      config,
      preHandler: app.requiresScope('delete:revocations'),
      schema: {
        operationId: 'removeRevocation',
        tags,
        summary: 'Remove a revocation',
        description:
          'Removes a revocation, and others of the same value. Tokens that have not expired are accepted again.',
        params: IdParams,
        response: { 204: Type.Null({ description: 'Removed' }) },
      },
    },
    async ({ token, params }, reply) => {
      const isRemoved = await removeRevocation(app.store, token.issuer, params.id, Date.now())
      orNotFound(isRemoved || undefined)
      await app.revocations.spread()
      return reply.code(204).send(null)
    },
  )
}

export default routes

/** Finds the only kind that the schema lets a body have. */
function choose(body: NewRevocation, now: number) {
  const kind = (Object.keys(fields) as RevocationKind[]).find((kind) => body[fields[kind]] !== undefined)
  const hasCutoff = kind === 'sub' || kind === 'client'
  return {
    kind: kind as RevocationKind,
    value: body[fields[kind as RevocationKind]] as string,
    before: hasCutoff ? cutoffOf(body.before, now) : undefined,
  }
}

/** A token says in whole seconds when it was issued, so those of the same second count as issued earlier. */
function cutoffOf(before: string | undefined, now: number): number {
  if (before === undefined) return cutoffAt(now)
  const time = Date.parse(before)
  if (time > now) {
    const validation = [{ field: 'before', message: 'must not be in the future' }]
    throw new ServiceError(httpErrors.validationFailed, { validation })
  }
  return Math.ceil(time / 1000)
}
