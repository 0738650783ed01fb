import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { Type } from 'typebox'
import { buildApp } from './helpers/app.ts'
import { TestIssuer } from './helpers/issuer.ts'

const Thing = Type.Object({ size: Type.Integer(), name: Type.String(), tags: Type.Array(Type.String()) })

function addRoutes(app: FastifyInstance) {
  app.addSchema({ $id: 'Size', type: 'object', properties: { size: { type: 'integer' } } })
  const open = { config: { public: true } }
  app.post('/things', { ...open, schema: { body: Thing } }, async ({ body }) => body)
  app.post('/sizes', { ...open, schema: { body: Type.Ref('Size') } }, async ({ body }) => body)
  app.get('/things', { ...open, schema: { querystring: Thing } }, async ({ query }) => query)
}

t.test('a body is taken at its word, a query is read', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t), { extend: addRoutes })
  const post = async (payload: object, url = '/things') =>
    (await app.inject({ method: 'POST', url, payload })).json()
  const good = { size: 5, name: '5', tags: ['a'] }
  t.strictSame(await post(good), good)
  t.match(await post({ size: '5', name: 5, tags: 'a' }), {
    statusCode: 400,
    validation: [{ field: 'size' }, { field: 'name' }, { field: 'tags' }],
  })
  t.strictSame(await post({ size: 5 }, '/sizes'), { size: 5 })
  t.match(await post({ size: '5' }, '/sizes'), { validation: [{ field: 'size' }] }, 'a shared schema, too')
  t.strictSame((await app.inject('/things?size=5&name=5&tags=a')).json(), good)
})

t.test('a number beyond all bounds is held to the bounds', async (t) => {
  const querystring = Type.Object({ size: Type.Integer({ minimum: -9, maximum: 9 }) })
  const app = await buildApp(t, await TestIssuer.start(t), {
    extend: (instance) => {
      instance.get(
        '/sizes',
        { config: { public: true }, schema: { querystring } },
        async ({ query }) => query,
      )
    },
  })
  const status = async (size: string) => (await app.inject(`/sizes?size=${size}`)).statusCode
  for (const size of ['Infinity', '-Infinity', '1e999', '-1e999', '9'.repeat(400), 'NaN', '10', '1.5']) {
    t.equal(await status(size), 400, size)
  }
  for (const size of ['9', '-9', '0.9e1']) t.equal(await status(size), 200, size)
})
