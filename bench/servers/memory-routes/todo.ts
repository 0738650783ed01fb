import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Todo } from '../../../src/plugins/store/tables/todos.ts'
import { PageQuery } from '../../../src/schemas/page.ts'
import { Text } from '../../../src/schemas/text.ts'
import { NEW_TODO, TODOS } from '../../todo-samples.ts'

const NewTodo = Type.Object(
  {
    title: Text({ minLength: 1, maxLength: 1000 }),
    date: Type.Optional(Type.String({ format: 'date' })),
  },
  { additionalProperties: false },
)

/** Has the guard, validation, responses and schemas of the to-do routes, without user and store. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const preHandler = app.authenticate
  const list = TODOS.map((todo, index) => ({ id: index + 1, ...todo, user: 1 }))

  app.get(
    '/todo',
    { preHandler, schema: { querystring: PageQuery, response: { 200: Type.Array(Todo) } } },
    async () => list,
  )
  app.post(
    '/todo',
    { preHandler, schema: { body: NewTodo, response: { 201: Todo } } },
    async ({ body }, reply) => {
      const todo = { id: 5001, date: NEW_TODO.date, ...body, user: 1 }
      return reply.code(201).header('location', `/todo/${todo.id}`).send(todo)
    },
  )
}

export default routes
