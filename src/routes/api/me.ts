import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { requireToken } from '../../plugins/auth/index.ts'

const Caller = Type.Object({
  iss: Type.String(),
  sub: Type.String(),
  clientId: Type.Union([Type.String(), Type.Null()]),
  scope: Type.Array(Type.String()),
  permissions: Type.Array(Type.String()),
  expiresAt: Type.Number({ description: 'Seconds since the epoch' }),
})

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/me',
    {
      preHandler: app.authenticate,
      schema: {
        tags: ['caller'],
        summary: 'Get the claims of the caller’s token',
        response: { 200: Caller },
      },
    },
    async ({ token }) => {
      const { issuer, subject, clientId, scopes, permissions, expiresAt } = requireToken(token)
      return {
        iss: issuer,
        sub: subject,
        clientId,
        scope: [...scopes],
        permissions: [...permissions],
        expiresAt,
      }
    },
  )
}

export default routes
