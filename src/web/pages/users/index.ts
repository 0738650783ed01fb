import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ServiceError } from '../../../errors/catalogue.ts' // part: todos
import type { User } from '../../../plugins/store/tables/user.ts'
import { IdParams } from '../../../schemas/id.ts'
import { redirectOnce } from '../../login/redirect-once.ts'

interface SessionOfUser {
  readonly startedAt: string
  readonly lastUsedAt: string
  readonly expiresAt: string
}

interface UserPage {
  user: User
  sessions: readonly SessionOfUser[]
  // part: todos
  /** Undefined if the API has no to-dos. */
  todoCount: number | undefined
  // end
  mayDelete: boolean
}

declare module '../../views/index.ts' {
  interface Pages {
    'pages/users/list': { users: readonly User[]; search: string; cursor: number; next: number | undefined }
    'pages/users/user': UserPage & { confirmation: string; rejected: Action | undefined }
  }
}

type Action = 'delete' | 'end-sessions'

const ConfirmForm = Type.Object({
  action: Type.Enum(['delete', 'end-sessions']),
  confirmation: Type.String({ default: '' }),
})

const ListQuery = Type.Object({
  search: Type.String({ default: '' }),
  cursor: Type.Integer({ default: 0, minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
})

/** Administration of users: a list with a search, and a page for each user. The API decides who may do what. */
const pages: FastifyPluginAsyncTypebox = async (app) => {
  app.addToNavigation({ path: '/admin/users', name: 'Users', position: 7, shownTo: { grant: 'read:users' } })
  const preHandler = [app.requiresLogin, app.loadAccessToken]

  app.get(
    '/admin/users',
    { preHandler, schema: { hide: true, querystring: ListQuery } },
    async (request, reply) => {
      const { search, cursor } = request.query
      const text = search.trim()
      const query = new URLSearchParams({ cursor: String(cursor), ...(text && { search: text }) })
      const { body: users, next } = await app.callApi<User[]>(request, `/api/users?${query}`)
      return reply.page('pages/users/list', { users, search: text, cursor, next })
    },
  )

  const load = async (request: FastifyRequest, id: number): Promise<UserPage> => {
    const path = `/api/users/${id}`
    const [
      { body: user },
      { body: sessions },
      todoCount, // part: todos
    ] = await Promise.all([
      app.callApi<User>(request, path),
      app.callApi<SessionOfUser[]>(request, `${path}/sessions`),
      // part: todos
      app.callApi<{ count: number }>(request, `${path}/todos/count`).then(
        ({ body }) => body.count,
        (error) => absent(error),
      ),
      // end
    ])
    const mayDelete = request.session?.contents.grants?.includes('delete:users') === true
    return {
      user,
      sessions,
      todoCount, // part: todos
      mayDelete,
    }
  }

  app.get(
    '/admin/users/:id',
    { preHandler, schema: { hide: true, params: IdParams } },
    async (request, reply) => {
      const page = await load(request, request.params.id)
      return reply.page('pages/users/user', { ...page, confirmation: '', rejected: undefined })
    },
  )

  app.post(
    '/admin/users/:id',
    { preHandler, schema: { hide: true, params: IdParams, body: ConfirmForm } },
    async (request, reply) => {
      const { id } = request.params
      const { action, confirmation } = request.body
      const { body: user } = await app.callApi<User>(request, `/api/users/${id}`)
      if (confirmation.trim() !== confirmationOf(user)) {
        const page = { ...(await load(request, id)), confirmation, rejected: action as Action }
        return reply.code(400).page('pages/users/user', page)
      }
      const isDeletion = action === 'delete'
      await app.callApi(request, `/api/users/${id}${isDeletion ? '' : '/sessions'}`, { method: 'DELETE' })
      return redirectOnce(reply, isDeletion ? '/admin/users' : `/admin/users/${id}`, 303)
    },
  )
}

export default pages

/** The text that confirms an action on the user. The page shows it as well (user.eta). */
function confirmationOf({ email, subject }: User): string {
  return email ?? subject
}

// part: todos
/** @throws the error unless it says that the route does not exist */
function absent(error: unknown): undefined {
  if ((error as ServiceError).statusCode === 404) return undefined
  throw error
}
// end
