import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const Message = Type.Object({ text: Type.String() }, { title: 'Message', description: 'A message' })

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = app.documentTag(
    'messages',
    'Messages for the public, for callers with a token and for admins.',
  )
  const schema = (operationId: string, summary: string) => ({
    operationId,
    tags,
    summary,
    description: `${summary}.`,
    response: { 200: Message },
  })

  app.get(
    '/messages/public',
    { config: { public: true }, schema: schema('getPublicMessage', 'Get the public message') },
    async () => ({
      text: 'This is a public message.',
    }),
  )

  app.get(
    '/messages/protected',
    { preHandler: app.authenticate, schema: schema('getProtectedMessage', 'Get the protected message') },
    async () => ({ text: 'This is a protected message.' }),
  )

  app.get(
    '/messages/admin',
    {
      preHandler: app.requiresPermission('read:admin-messages'),
      schema: schema('getAdminMessage', 'Get the admin message'),
    },
    async () => ({ text: 'This is an admin message.' }),
  )
}

export default routes
