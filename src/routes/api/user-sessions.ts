import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { storeErrors } from '../../plugins/store/index.ts'
import { signOutEverywhere } from '../../plugins/store/tables/revocations.ts'
import { deleteSessionsOfUser, listSessions } from '../../plugins/store/tables/user-sessions.ts'
import { findUser } from '../../plugins/store/tables/users.ts'
import { IdParams, orNotFound } from '../../schemas/id.ts'

const Time = Type.String({ format: 'date-time' })

const SessionOfUser = Type.Object(
  { startedAt: Time, lastUsedAt: Time, expiresAt: Time },
  { title: 'SessionOfUser', description: 'A session of a user in the web app' },
)

/** Sessions of the web app, for administrators. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = ['users']
  const config = { errors: [storeErrors.unavailable] }

  app.get(
    '/users/:id/sessions',
    {
      config,
      preHandler: app.requiresScope('read:users'),
      schema: {
        operationId: 'listSessionsOfUser',
        tags,
        summary: 'List the sessions of a user',
        description: 'Lists the sessions of a user of the caller’s issuer in the web app, newest first.',
        params: IdParams,
        response: { 200: Type.Array(SessionOfUser, { description: 'At most 100 sessions' }) },
      },
    },
    async ({ token, params }) => {
      const user = orNotFound(await findUser(app.store, token.issuer, params.id))
      const sessions = await listSessions(app.store, user.id, Date.now())
      return sessions.map(({ createdAt, lastUsedAt, expiresAt }) => ({
        startedAt: new Date(createdAt).toISOString(),
        lastUsedAt: new Date(lastUsedAt).toISOString(),
        expiresAt: new Date(expiresAt).toISOString(),
      }))
    },
  )

  app.delete(
    '/users/:id/sessions',
    {
      config,
      preHandler: app.requiresScope('delete:users'),
      schema: {
        operationId: 'endSessionsOfUser',
        tags,
        summary: 'Sign a user out everywhere',
        description:
          'Ends all sessions of a user of the caller’s issuer in the web app, and revokes the tokens of the user.',
        params: IdParams,
        response: { 204: Type.Null({ description: 'Ended' }) },
      },
    },
    async (request, reply) => {
      const now = Date.now()
      const { lifetimeMs } = app.revocations
      const ended = await app.audited(request, 'end_sessions', request.params.id, async (store, user) => {
        await signOutEverywhere(store, user, 'signed out everywhere', lifetimeMs, now)
        return deleteSessionsOfUser(store, user.id)
      })
      await app.revocations.spread()
      app.events?.sessionEnded('admin', ended)
      return reply.code(204).send(null)
    },
  )
}

export default routes
