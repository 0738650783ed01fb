import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const Message = Type.Object({ text: Type.String() })

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const schema = (summary: string) => ({ tags: ['messages'], summary, response: { 200: Message } })

  app.get(
    '/messages/public',
    { config: { public: true }, schema: schema('The public message') },
    async () => ({
      text: 'This is a public message.',
    }),
  )

  app.get(
    '/messages/protected',
    { preHandler: app.authenticate, schema: schema('The protected message') },
    async () => ({ text: 'This is a protected message.' }),
  )

  app.get(
    '/messages/admin',
    { preHandler: app.requiresPermission('read:admin-messages'), schema: schema('The admin message') },
    async () => ({ text: 'This is an admin message.' }),
  )
}

export default routes
