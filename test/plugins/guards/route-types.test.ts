import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import t from 'tap'
import { Type } from 'typebox'
import type { VerifiedToken } from '../../../src/plugins/auth/index.ts'
import type { User } from '../../../src/plugins/store/tables/user.ts'
import { bearer, buildApp } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : ['not equal', A, B]
/** Does not compile unless both types are equal. */
function assertType<Expected, Actual>(_actual: Actual, _isEqual: Equal<Expected, Actual>): void {}

const Thing = Type.Object({ name: Type.String() })
const Params = Type.Object({ id: Type.Integer() })
const Query = Type.Object({ limit: Type.Optional(Type.Integer()) })
const schema = {
  params: Params,
  querystring: Query,
  body: Thing,
  response: { 200: Thing, 201: Type.String() },
}

// `npm run typecheck` fails if one of these types is not inferred
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const guards = [app.requiresScope('write:things'), app.loadUser]

  app.post('/things/:id', { preHandler: guards, schema }, async ({ token, user, body, params, query }) => {
    assertType<string, typeof body.name>(body.name, true)
    assertType<number, typeof params.id>(params.id, true)
    assertType<number | undefined, typeof query.limit>(query.limit, true)
    assertType<VerifiedToken, VerifiedToken & typeof token>(token, true)
    return { name: `${body.name} of ${token.subject}, ${user.id}` }
  })
  // @ts-expect-error the response has no name
  app.post('/wrong/:id', { preHandler: guards, schema }, async () => ({ title: 'kettle' }))

  app.put('/things/:id', {
    preHandler: [app.authenticate, app.loadUser],
    schema,
    handler: async ({ token, user, body }) => ({ name: `${body.name} of ${token.subject}, ${user.id}` }),
  })
  app.route({
    method: 'PATCH',
    url: '/things/:id',
    preHandler: [app.anyOf(app.authenticate, app.requiresRole('editor')), app.loadUser],
    schema,
    handler: async ({ token, user, body }, reply) => {
      assertType<string, typeof body.name>(body.name, true)
      return reply.code(201).send(`${body.name} of ${token.subject}, ${user.id}`)
    },
  })
  app.get('/guard', { preHandler: app.authenticate }, async ({ token, user }) => {
    assertType<User | null, typeof user>(user, true)
    return { name: token.subject }
  })
  app.get('/optional', { preHandler: [app.optionalToken, app.loadUser] }, async ({ token, user }) => {
    assertType<VerifiedToken | null, typeof token>(token, true)
    assertType<User | null, typeof user>(user, true)
    return { name: `${token?.subject ?? 'stranger'}, ${user?.id ?? 'unknown'}` }
  })
  app.get('/public', { config: { public: true } }, async ({ token }) => {
    assertType<VerifiedToken | null, typeof token>(token, true)
    return {}
  })
}

t.test('behind a guard the compiler knows the token, and after app.loadUser the user', async (t) => {
  const issuer = await TestIssuer.start(t)
  const app = await buildApp(t, issuer, {
    extend: async (app) => {
      await app.register(routes)
    },
  })
  const headers = bearer(await issuer.sign({ sub: 'ada', scope: 'write:things' }))
  for (const method of ['POST', 'PUT', 'PATCH'] as const) {
    const { statusCode, body } = await app.inject({
      method,
      url: '/things/7',
      headers,
      payload: { name: 'kettle' },
    })
    t.equal(statusCode, method === 'PATCH' ? 201 : 200)
    t.match(body, /kettle of ada, 1/)
  }
  t.strictSame((await app.inject({ url: '/optional', headers })).json(), { name: 'ada, 1' })
  t.strictSame((await app.inject({ url: '/optional' })).json(), { name: 'stranger, unknown' })
})
