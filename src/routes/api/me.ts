import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const Caller = Type.Object(
  {
    iss: Type.String(),
    sub: Type.String(),
    clientId: Type.Union([Type.String(), Type.Null()]),
    scope: Type.Array(Type.String()),
    permissions: Type.Array(Type.String()),
    roles: Type.Array(Type.String()),
    organization: Type.Union([Type.String(), Type.Null()]),
    actor: Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()], {
      description: 'The party that acts for the subject, as in `act` (RFC 8693, section 4.1)',
    }),
    expiresAt: Type.Number({ description: 'Seconds since the epoch' }),
  },
  { title: 'Caller', description: 'The caller according to the token' },
)

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/me',
    {
      preHandler: app.authenticate,
      schema: {
        operationId: 'getCaller',
        tags: app.documentTag('caller', 'The caller according to the token.'),
        summary: 'Get the claims of the token',
        description: 'Returns what the service reads from the token.',
        response: { 200: Caller },
      },
    },
    async ({ token }) => {
      const { issuer, subject, clientId, scopes, permissions, roles, organization, actor, expiresAt } = token
      return {
        iss: issuer,
        sub: subject,
        clientId,
        scope: [...scopes],
        permissions: [...permissions],
        roles: [...roles],
        organization,
        actor,
        expiresAt,
      }
    },
  )
}

export default routes
