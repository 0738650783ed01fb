import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ServiceError } from '../../errors/catalogue.ts'
import { challenge, requireToken } from '../../plugins/auth/index.ts'
import { guardErrors } from '../../plugins/guards/index.ts'
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
        summary: 'List the users of the caller’s issuer; the `Link` header has the next page',
        querystring: PageQuery,
        response: { 200: Type.Array(User) },
      },
    },
    async ({ token, query: { limit = DEFAULT_LIMIT, cursor = 0 } }, reply) => {
      const { issuer } = requireToken(token)
      const { items, next } = await listUsers(app.store, issuer, { limit, cursor })
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
    async ({ token, params }) =>
      orNotFound(await findUser(app.store, requireToken(token).issuer, toId(params.id))),
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
    async ({ token, body }, reply) => {
      const { issuer, subject, email = null, emailVerified = null, name = null, picture = null } = body
      if (issuer !== requireToken(token).issuer) throw otherIssuer()
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
    async ({ token, params }, reply) => {
      const isDeleted = await app.userCache.delete(requireToken(token).issuer, toId(params.id))
      orNotFound(isDeleted || undefined)
      return reply.code(204).send(null)
    },
  )
}

export default routes

/** A token manages the users of its own issuer only: otherwise any trusted issuer could act for all others. */
function otherIssuer() {
  const { insufficientPermissions } = guardErrors
  return new ServiceError(insufficientPermissions, {
    detail: 'a user of another issuer',
    headers: challenge(insufficientPermissions),
  })
}

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
