import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { preValidationHookHandler } from 'fastify'
import { Type } from 'typebox'
import { acceptForms } from '../plugins/media-types.ts'
import { storeErrors } from '../plugins/store/index.ts'
import {
  createTodo,
  deleteTodo,
  findTodo,
  listTodos,
  Todo,
  updateTodo,
} from '../plugins/store/tables/todos.ts'
import { IdParams, orNotFound } from '../schemas/id.ts'
import { DEFAULT_LIMIT, linkToNext, PageQuery, pageHeaders } from '../schemas/page.ts'
import { Text } from '../schemas/text.ts'

/** `id` and `user` are ignored, so that a to-do can be sent back as it was received. */
const NewTodo = Type.Object(
  {
    id: Type.Optional(Todo.properties.id),
    title: Text({
      minLength: 1,
      maxLength: 1000,
      description: 'Spaces at both ends are removed',
      examples: ['water the plants'],
    }),
    date: Type.Optional(
      Type.String({ format: 'date', description: 'Defaults to today (UTC)', examples: ['2026-11-21'] }),
    ),
    user: Type.Optional(Todo.properties.user),
  },
  { title: 'NewTodo', additionalProperties: false },
)
const created = { ...Todo, headers: { Location: Type.String({ description: 'Path of the new to-do' }) } }
const Changes = Type.Partial(NewTodo, { title: 'TodoChanges', additionalProperties: false })

const routes: FastifyPluginAsyncTypebox = async (app) => {
  acceptForms(app)
  const preHandler = [app.authenticate, app.loadUser]
  const preValidation = trimTitle
  const tags = app.documentTag('to-dos', 'To-dos of the caller. Those of other users look like missing ones.')
  const consumes = ['application/json', 'application/x-www-form-urlencoded']
  const config = { errors: [storeErrors.unavailable] }
  const one = { 200: Todo }

  app.get(
    '/todo',
    {
      config,
      preHandler,
      schema: {
        operationId: 'listTodos',
        tags,
        summary: 'List to-dos',
        description: 'Lists the to-dos of the caller by ID, in pages.',
        querystring: PageQuery,
        response: { 200: Type.Array(Todo, { description: 'A page of to-dos', headers: pageHeaders }) },
      },
    },
    async ({ user, query: { limit = DEFAULT_LIMIT, cursor = 0 } }, reply) => {
      const { items, next } = await listTodos(app.store, user.id, { limit, cursor })
      linkToNext(reply, '/todo', limit, next)
      return items
    },
  )

  app.post(
    '/todo',
    {
      config: { errors: [storeErrors.unavailable, storeErrors.userDeleted, storeErrors.limitReached] },
      preHandler,
      preValidation,
      schema: {
        operationId: 'createTodo',
        tags,
        summary: 'Create a to-do',
        description: 'Creates a to-do of the caller.',
        consumes,
        body: NewTodo,
        response: { 201: created },
      },
    },
    async ({ user, body }, reply) => {
      const fields = { date: today(), ...body }
      const todo = await createTodo(app.store, user.id, fields, app.config.TODOS_PER_USER_MAX)
      return reply.code(201).header('location', `/todo/${todo.id}`).send(todo)
    },
  )

  app.get(
    '/todo/:id',
    {
      config,
      preHandler,
      schema: {
        operationId: 'getTodo',
        tags,
        summary: 'Get a to-do',
        description: 'Returns a to-do of the caller.',
        params: IdParams,
        response: one,
      },
    },
    async ({ user, params }) => orNotFound(await findTodo(app.store, user.id, params.id)),
  )

  for (const [method, operationId, body, summary, description] of [
    ['PUT', 'replaceTodo', NewTodo, 'Replace a to-do', 'Without `date`, the date does not change.'],
    ['PATCH', 'updateTodo', Changes, 'Update a to-do', 'Changes the given fields only.'],
  ] as const) {
    app.route({
      method,
      url: '/todo/:id',
      config,
      preHandler,
      preValidation,
      schema: { operationId, tags, summary, description, consumes, params: IdParams, body, response: one },
      handler: async ({ user, params, body }) =>
        orNotFound(await updateTodo(app.store, user.id, params.id, body)),
    })
  }

  app.delete(
    '/todo/:id',
    {
      config,
      preHandler,
      schema: {
        operationId: 'deleteTodo',
        tags,
        summary: 'Delete a to-do',
        description: 'Deletes a to-do of the caller.',
        params: IdParams,
        response: { 204: Type.Null({ description: 'Deleted' }) },
      },
    },
    async ({ user, params }, reply) => {
      const isDeleted = await deleteTodo(app.store, user.id, params.id)
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
