import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { preValidationHookHandler } from 'fastify'
import { Type } from 'typebox'
import {
  createTodo,
  deleteTodo,
  findTodo,
  listTodos,
  Todo,
  updateTodo,
} from '../plugins/store/tables/todos.ts'
import { requireUser } from '../plugins/store/tables/user.ts'
import { orNotFound, toId } from '../schemas/id.ts'
import { DEFAULT_LIMIT, linkToNext, PageQuery } from '../schemas/page.ts'
import { Text } from '../schemas/text.ts'

/** The validation removes all other fields of a body, such as `id` and `user`. */
const fieldsOnly = { additionalProperties: false }
const NewTodo = Type.Object(
  {
    title: Text({ minLength: 1, maxLength: 1000 }),
    date: Type.Optional(Type.String({ format: 'date', description: 'Defaults to today (UTC)' })),
  },
  fieldsOnly,
)
const Changes = Type.Partial(NewTodo, fieldsOnly)
const Params = Type.Object({ id: Type.String() })

const routes: FastifyPluginAsyncTypebox = async (app) => {
  await app.register(formbody)
  const preHandler = [app.authenticate, app.loadUser]
  const preValidation = trimTitle
  const tags = ['to-dos']
  const one = { 200: Todo }

  app.get(
    '/todo',
    {
      preHandler,
      schema: {
        tags,
        summary: 'List the caller’s to-dos; the `Link` header has the next page',
        querystring: PageQuery,
        response: { 200: Type.Array(Todo) },
      },
    },
    async ({ user, query: { limit = DEFAULT_LIMIT, cursor = 0 } }, reply) => {
      const { items, next } = await listTodos(app.store, requireUser(user).id, { limit, cursor })
      linkToNext(reply, '/todo', limit, next)
      return items
    },
  )

  app.post(
    '/todo',
    {
      preHandler,
      preValidation,
      schema: { tags, summary: 'Create a to-do', body: NewTodo, response: { 201: Todo } },
    },
    async ({ user, body }, reply) => {
      const todo = await createTodo(app.store, requireUser(user).id, { date: today(), ...body })
      return reply.code(201).header('location', `/todo/${todo.id}`).send(todo)
    },
  )

  app.get(
    '/todo/:id',
    { preHandler, schema: { tags, summary: 'Get a to-do', params: Params, response: one } },
    async ({ user, params }) => orNotFound(await findTodo(app.store, requireUser(user).id, toId(params.id))),
  )

  for (const [method, body, summary] of [
    ['PUT', NewTodo, 'Replace a to-do; without `date`, the date does not change'],
    ['PATCH', Changes, 'Update some fields of a to-do'],
  ] as const) {
    app.route({
      method,
      url: '/todo/:id',
      preHandler,
      preValidation,
      schema: { tags, summary, params: Params, body, response: one },
      handler: async ({ user, params, body }) =>
        orNotFound(await updateTodo(app.store, requireUser(user).id, toId(params.id), body)),
    })
  }

  app.delete(
    '/todo/:id',
    {
      preHandler,
      schema: { tags, summary: 'Delete a to-do', params: Params, response: { 204: Type.Null() } },
    },
    async ({ user, params }, reply) => {
      const isDeleted = await deleteTodo(app.store, requireUser(user).id, toId(params.id))
      orNotFound(isDeleted || undefined)
      return reply.code(204).send(null)
    },
  )
}

export default routes

/** Runs before the validation, so that the limits on the length apply to the trimmed title. */
const trimTitle: preValidationHookHandler = ({ body }, _reply, done) => {
  const fields = body as { title?: unknown } | null | undefined
  if (typeof fields?.title === 'string') fields.title = fields.title.trim()
  done()
}

function today(): string {
  return new Date().toISOString().slice(0, 'YYYY-MM-DD'.length)
}
