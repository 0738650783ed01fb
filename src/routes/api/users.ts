import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { requireUser, User } from '../../plugins/store/tables/user.ts'
import { findUser, listUsers, registerUser } from '../../plugins/store/tables/users.ts'
import { orNotFound, toId } from '../../schemas/id.ts'
import { DEFAULT_LIMIT, linkToNext, PageQuery } from '../../schemas/page.ts'
import { Text } from '../../schemas/text.ts'

const Params = Type.Object({ id: Type.String() })

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = ['users']

  app.get(
    '/users/me',
    {
      preHandler: [app.authenticate, app.loadUser],
      schema: { tags, summary: 'Get the calling user', response: { 200: User } },
    },
    async ({ user }) => requireUser(user),
  )

  app.get(
    '/users',
    {
      preHandler: app.requiresScope('read:users'),
      schema: {
        tags,
        summary: 'List users; the `Link` header has the next page',
        querystring: PageQuery,
        response: { 200: Type.Array(User) },
      },
    },
    async ({ query: { limit = DEFAULT_LIMIT, cursor = 0 } }, reply) => {
      const { items, next } = await listUsers(app.store, { limit, cursor })
      linkToNext(reply, '/api/users', limit, next)
      return items
    },
  )

  app.get(
    '/users/:id',
    {
      preHandler: app.requiresScope('read:users'),
      schema: { tags, summary: 'Get a user', params: Params, response: { 200: User } },
    },
    async ({ params }) => orNotFound(await findUser(app.store, toId(params.id))),
  )

  app.post(
    '/users',
    {
      preHandler: app.requiresScope('create:users'),
      schema: {
        tags,
        summary: 'Register a user who has signed up; 200 if the user exists already',
        body: newUser(app.config.AUTH0_DOMAIN),
        response: { 200: User, 201: User },
      },
    },
    async ({ body }, reply) => {
      const { issuer, subject, email = null, emailVerified = null, name = null, picture = null } = body
      const identity = { issuer, subject }
      const profile = { email, emailVerified, name, picture }
      const { user, isNew } = await registerUser(app.store, identity, profile, Date.now())
      app.userCache.forget(identity)
      if (isNew) reply.header('location', `/api/users/${user.id}`)
      return reply.code(isNew ? 201 : 200).send(user)
    },
  )

  app.delete(
    '/users/:id',
    {
      preHandler: app.requiresScope('delete:users'),
      schema: {
        tags,
        summary: 'Delete a user and everything that belongs to the user',
        params: Params,
        response: { 204: Type.Null() },
      },
    },
    async ({ params }, reply) => {
      const isDeleted = await app.userCache.delete(toId(params.id))
      orNotFound(isDeleted || undefined)
      return reply.code(204).send(null)
    },
  )
}

export default routes

function newUser(issuers: readonly string[]) {
  const text = (maxLength: number) => Text({ minLength: 1, maxLength })
  return Type.Object({
    issuer: Type.Unsafe<string>({ type: 'string', enum: [...issuers] }),
    subject: text(255),
    email: Type.Optional(text(320)),
    emailVerified: Type.Optional(Type.Boolean()),
    name: Type.Optional(text(1000)),
    picture: Type.Optional(text(2000)),
  })
}
