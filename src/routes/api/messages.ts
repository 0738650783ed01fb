import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const Message = Type.Object({ text: Type.String() })

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const schema = (summary: string) => ({ tags: ['messages'], summary, response: { 200: Message } })

  app.get(
    '/messages/public',
    { config: { public: true }, schema: schema('Get the public message') },
    async () => ({
      text: 'This is a public message.',
    }),
  )

  app.get(
    '/messages/protected',
    { preHandler: app.authenticate, schema: schema('Get the protected message') },
    async () => ({ text: 'This is a protected message.' }),
  )

  app.get(
    '/messages/admin',
    { preHandler: app.requiresPermission('read:admin-messages'), schema: schema('Get the admin message') },
    async () => ({ text: 'This is an admin message.' }),
  )
}

export default routes
