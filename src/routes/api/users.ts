import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { guardErrors, requireOwnIssuer } from '../../plugins/guards/index.ts'
import { storeErrors } from '../../plugins/store/index.ts'
import { signOutEverywhere } from '../../plugins/store/tables/revocations.ts'
import { User } from '../../plugins/store/tables/user.ts'
import { searchUsers } from '../../plugins/store/tables/user-search.ts'
import { deleteUser, findUser, listUsers, registerUser } from '../../plugins/store/tables/users.ts'
import { IdParams, orNotFound } from '../../schemas/id.ts'
import { DEFAULT_LIMIT, linkToNext, PageQuery, pageHeaders } from '../../schemas/page.ts'
import { Text } from '../../schemas/text.ts'

const UsersQuery = Type.Object({
  ...PageQuery.properties,
  search: Type.Optional(
    Text({
      minLength: 1,
      maxLength: 100,
      description: 'Start of the email address or the name. The case of the letters A to Z is ignored',
      examples: ['ada'],
    }),
  ),
})

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const tags = app.documentTag(
    'users',
    'Users of the service: humans and machines that have called it or signed up.',
  )
  const config = { errors: [storeErrors.unavailable] }

  app.get(
    '/users/me',
    {
      config,
      preHandler: [app.authenticate, app.loadUser],
      schema: {
        operationId: 'getCallingUser',
        tags,
        summary: 'Get the calling user',
        description: 'Returns the caller as a stored user. The first call creates the user.',
        response: { 200: User },
      },
    },
    async ({ user }) => user,
  )

  app.get(
    '/users',
    {
      config,
      preHandler: app.requiresScope('read:users'),
      schema: {
        operationId: 'listUsers',
        tags,
        summary: 'List users',
        description:
          'Lists the users of the caller’s issuer by ID, in pages. A search finds the first 1,000 email addresses and the first 1,000 names, in alphabetical order, that begin with the text.',
        querystring: UsersQuery,
        response: { 200: Type.Array(User, { description: 'A page of users', headers: pageHeaders }) },
      },
    },
    async ({ token, query: { limit = DEFAULT_LIMIT, cursor = 0, search } }, reply) => {
      const { items, next } =
        search === undefined
          ? await listUsers(app.store, token.issuer, { limit, cursor })
          : await searchUsers(app.store, token.issuer, search, { limit, cursor })
      linkToNext(reply, '/api/users', limit, next, search)
      return items
    },
  )

  app.get(
    '/users/:id',
    {
      config,
      preHandler: app.requiresScope('read:users'),
      schema: {
        operationId: 'getUser',
        tags,
        summary: 'Get a user',
        description: 'Returns a user of the caller’s issuer.',
        params: IdParams,
        response: { 200: User },
      },
    },
    async ({ token, params }) => orNotFound(await findUser(app.store, token.issuer, params.id)),
  )

  app.post(
    '/users',
    {
      config: { errors: [storeErrors.unavailable, guardErrors.insufficientPermissions] },
      preHandler: app.requiresScope('create:users'),
      schema: {
        operationId: 'registerUser',
        tags,
        summary: 'Register a user',
        description: 'Registers a user who has signed up at the caller’s issuer.',
        body: newUser(app.issuers.keys()),
        response: {
          200: { ...User, 'x-response-description': 'The user exists already' },
          201: {
            ...User,
            'x-response-description': 'The new user',
            headers: { Location: Type.String({ description: 'Path of the new user' }) },
          },
        },
      },
    },
    async ({ token, body }, reply) => {
      const { issuer, subject, email = null, emailVerified = null, name = null, picture = null } = body
      requireOwnIssuer(token, issuer)
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
      config,
      preHandler: app.requiresScope('delete:users'),
      schema: {
        operationId: 'deleteUser',
        tags,
        summary: 'Delete a user',
        description:
          'Deletes a user of the caller’s issuer, and everything that belongs to the user. Tokens of the user are revoked.',
        params: IdParams,
        response: { 204: Type.Null({ description: 'Deleted' }) },
      },
    },
    async (request, reply) => {
      const now = Date.now()
      const { lifetimeMs } = app.revocations
      const deleted = await app.audited(
        request,
        'delete_user',
        request.params.id,
        async (store, { issuer, id }) => {
          const identity = await deleteUser(store, issuer, id)
          if (identity) await signOutEverywhere(store, identity, 'user deleted', lifetimeMs, now)
          return identity
        },
      )
      app.userCache.forget(deleted)
      await app.revocations.spread()
      return reply.code(204).send(null)
    },
  )
}

export default routes

function newUser(issuers: Iterable<string>) {
  const text = (maxLength: number, ...examples: string[]) => Text({ minLength: 1, maxLength, examples })
  return Type.Object(
    {
      issuer: Type.Unsafe<string>({ type: 'string', enum: [...issuers] }),
      subject: text(255, 'auth0|5f7c8ec7c33c6c004bbafe82'),
      email: Type.Optional(text(320, 'ada@example.com')),
      emailVerified: Type.Optional(Type.Boolean()),
      name: Type.Optional(text(1000, 'Ada Lovelace')),
      picture: Type.Optional(text(2000, 'https://example.com/ada.png')),
    },
    { title: 'NewUser', additionalProperties: false },
  )
}
