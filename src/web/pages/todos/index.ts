import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { IdParams } from '../../../schemas/id.ts'
import { type FormFaults, toFaults } from '../../forms.ts'
import { redirectOnce } from '../../login/redirect-once.ts'

interface Todo {
  readonly id: number
  readonly title: string
  readonly date: string
}

declare module '../../views/index.ts' {
  interface Pages {
    'pages/todos/list': TodoForm & { todos: readonly Todo[]; cursor: number; next: number | undefined }
    'pages/todos/edit': TodoForm & { id: number; cursor: number }
  }
}

interface TodoForm {
  /** Values that the user entered. */
  fields: Fields
  faults: FormFaults
}

/** The API validates the fields. */
const Fields = Type.Object({ title: Type.String({ default: '' }), date: Type.String({ default: '' }) })
type Fields = Static<typeof Fields>

const ChangeForm = Type.Object({
  ...Fields.properties,
  action: Type.Enum(['save', 'delete']),
})

/** The page of the list to which the form belongs. */
const Query = Type.Object({
  cursor: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
})

const EMPTY: Fields = { title: '', date: '' }

const messages = {
  title: 'Enter a title of 1 to 1000 characters.',
  date: 'Enter a date.',
}

/** To-dos of the user: a list in pages, and a page for each to-do. Each form posts to the address of its page. */
const pages: FastifyPluginAsyncTypebox = async (app) => {
  app.addToNavigation({ path: '/todos', name: 'To-dos', position: 1, shownTo: 'users' })
  const preHandler = [app.requiresLogin, app.loadAccessToken]

  const listTodos = (request: FastifyRequest, cursor: number) =>
    app.callApi<Todo[]>(request, `/todo?cursor=${cursor}`)

  /** Whether the to-do is on the page. Faults of the list are shown there: the to-do is saved. */
  const isListed = (request: FastifyRequest, cursor: number, todo: number) =>
    listTodos(request, cursor).then(
      ({ body: todos }) => todos.some(({ id }) => id === todo),
      () => true,
    )

  const sendList = async (request: FastifyRequest, reply: FastifyReply, cursor: number, form?: TodoForm) => {
    const { body: todos, next } = await listTodos(request, cursor)
    return reply.page('pages/todos/list', { fields: EMPTY, faults: {}, ...form, todos, cursor, next })
  }

  app.get('/todos', { preHandler, schema: { hide: true, querystring: Query } }, async (request, reply) =>
    sendList(request, reply, request.query.cursor ?? 0),
  )

  app.post(
    '/todos',
    { preHandler, schema: { hide: true, querystring: Query, body: Fields } },
    async (request, reply) => {
      const {
        query: { cursor = 0 },
        body: fields,
      } = request
      try {
        const { body: todo } = await app.callApi<Todo>(request, '/todo', {
          method: 'POST',
          body: given(fields),
        })
        const isOnPage = await isListed(request, cursor, todo.id)
        return redirectOnce(reply, listPath(isOnPage ? cursor : todo.id - 1, todo.id), 303)
      } catch (error) {
        const { statusCode, faults } = toFaults(error, messages)
        reply.code(statusCode)
        return sendList(request, reply, cursor, { fields, faults })
      }
    },
  )

  app.get(
    '/todos/:id',
    { preHandler, schema: { hide: true, params: IdParams, querystring: Query } },
    async (request, reply) => {
      const {
        params: { id },
        query: { cursor = 0 },
      } = request
      const { body: fields } = await app.callApi<Todo>(request, `/todo/${id}`)
      return reply.page('pages/todos/edit', { id, cursor, fields, faults: {} })
    },
  )

  app.post(
    '/todos/:id',
    { preHandler, schema: { hide: true, params: IdParams, querystring: Query, body: ChangeForm } },
    async (request, reply) => {
      const {
        params: { id },
        query: { cursor = 0 },
        body: { action, ...fields },
      } = request
      try {
        const call =
          action === 'delete' ? ({ method: 'DELETE' } as const) : ({ method: 'PUT', body: fields } as const)
        await app.callApi(request, `/todo/${id}`, call)
        return redirectOnce(reply, listPath(cursor, action === 'save' ? id : undefined), 303)
      } catch (error) {
        const { statusCode, faults } = toFaults(error, messages)
        return reply.code(statusCode).page('pages/todos/edit', { id, cursor, fields, faults })
      }
    },
  )
}

export default pages

/** An empty date is absent: the API then sets today. */
function given({ title, date }: Fields): Partial<Fields> {
  return date === '' ? { title } : { title, date }
}

function listPath(cursor: number, id?: number): string {
  return `/todos${cursor > 0 ? `?cursor=${cursor}` : ''}${id === undefined ? '' : `#todo-${id}`}`
}
