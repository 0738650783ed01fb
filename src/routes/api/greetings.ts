import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const Greeting = Type.Object({ message: Type.String() }, { title: 'Greeting', description: 'A greeting' })

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = app.documentTag('greetings', 'Three endpoints to try tokens with.')
  const schema = (operationId: string, summary: string) => ({
    operationId,
    tags,
    summary,
    description: `${summary}.`,
    response: { 200: Greeting },
  })

  app.get(
    '/public',
    { config: { public: true }, schema: schema('getPublicGreeting', 'Get a greeting without a token') },
    async () => ({
      message: "Hello from a public endpoint! You don't need to be authenticated to see this.",
    }),
  )

  app.get(
    '/private',
    {
      preHandler: app.authenticate,
      schema: schema('getPrivateGreeting', 'Get a greeting with a valid token'),
    },
    async () => ({ message: 'Hello from a private endpoint! You need to be authenticated to see this.' }),
  )

  app.get(
    '/private-scoped',
    {
      preHandler: app.requiresScope('read:messages'),
      schema: schema('getScopedGreeting', 'Get a greeting with the scope `read:messages`'),
    },
    async () => ({
      message:
        'Hello from a private endpoint! You need to be authenticated and have a scope of read:messages to see this.',
    }),
  )
}

export default routes
