import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { storeErrors } from '../../plugins/store/index.ts'
import { countTodos } from '../../plugins/store/tables/todos.ts'
import { findUser } from '../../plugins/store/tables/users.ts'
import { IdParams, orNotFound } from '../../schemas/id.ts'

const TodoCount = Type.Object(
  { count: Type.Integer() },
  { title: 'TodoCount', description: 'Number of to-dos of a user' },
)

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/users/:id/todos/count',
    {
      config: { errors: [storeErrors.unavailable] },
      preHandler: app.requiresScope('read:users'),
      schema: {
        operationId: 'countTodosOfUser',
        tags: ['users'],
        summary: 'Count the to-dos of a user',
        description:
          'Counts the to-dos of a user of the caller’s issuer. Their contents are for their owner only.',
        params: IdParams,
        response: { 200: TodoCount },
      },
    },
    async ({ token, params }) => {
      const user = orNotFound(await findUser(app.store, token.issuer, params.id))
      return { count: await countTodos(app.store, user.id) }
    },
  )
}

export default routes
