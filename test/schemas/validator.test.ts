import t, { type Test } from 'tap'
import { Type } from 'typebox'
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

const open = { config: { public: true } }

const Thing = Type.Object(
  {
    id: Type.Optional(Type.Integer({ readOnly: true })),
    title: Type.String(),
    place: Type.Optional(Type.Object({ town: Type.String() }, { additionalProperties: false })),
  },
  { additionalProperties: false },
)
const Query = Type.Object({
  count: Type.Optional(Type.Integer()),
  ratio: Type.Optional(Type.Number()),
  isNew: Type.Optional(Type.Boolean()),
  tags: Type.Optional(Type.Array(Type.String())),
})

async function start(t: Test) {
  const app = await buildApp(t, await TestIssuer.start(t), {
    extend: (app) => {
      app.post('/things', { ...open, schema: { body: Thing } }, async ({ body }) => ({ body }))
      app.post('/lists', { ...open, schema: { body: Type.Array(Type.Integer()) } }, async ({ body }) => ({
        body,
      }))
      app.get('/things', { ...open, schema: { querystring: Query } }, async ({ query }) => ({ query }))
    },
  })
  const post = async (payload: unknown, url = '/things') =>
    (await app.inject({ method: 'POST', url, payload: payload as object })).json()
  const get = async (query: string) => (await app.inject(`/things?${query}`)).json()
  return { post, get }
}

const fields = (body: { validation: { field: string; message: string }[] }) =>
  Object.fromEntries(body.validation.map(({ field, message }) => [field, message]))

t.test('unknown fields of a body are 400 by name', async (t) => {
  const { post } = await start(t)
  t.strictSame(await post({ title: 'a', place: { town: 'Bonn' } }), {
    body: { title: 'a', place: { town: 'Bonn' } },
  })
  const rejected = await post({ titel: 'a', title: 'b', place: { town: 'Bonn', street: 'c' } })
  t.equal(rejected.code, 'validation_failed')
  t.strictSame(fields(rejected), { titel: 'is not a known field', 'place.street': 'is not a known field' })
  const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`field${i}`, i]))
  t.equal((await post(many)).validation.length, 100, 'a bounded number of them')
})

t.test('readOnly fields of a body are ignored, whatever their value', async (t) => {
  const { post } = await start(t)
  for (const id of [1, 'x', null, { a: 1 }])
    t.strictSame(await post({ id, title: 'a' }), { body: { title: 'a' } })
  t.match(await post({ id: 1 }), { code: 'validation_failed' })
  t.strictSame(await post([1, 2], '/lists'), { body: [1, 2] })
  t.match(await post(['1'], '/lists'), { code: 'validation_failed' })
})

t.test('numbers in a query have one spelling', async (t) => {
  const { get } = await start(t)
  t.strictSame(await get('count=10&ratio=0.50&isNew=true&tags=a'), {
    query: { count: 10, ratio: 0.5, isNew: true, tags: ['a'] },
  })
  t.strictSame(await get('count=-10&ratio=-1'), { query: { count: -10, ratio: -1 } })
  t.strictSame(await get('count=0'), { query: { count: 0 } })
  for (const text of ['0x10', '%2B5', '%205', '5%20', '-0', '05', '1e3', '1.0', '', 'Infinity', '1e999']) {
    t.strictSame(fields(await get(`count=${text}`)), { count: 'must be integer' }, text)
  }
  for (const text of ['0x10', '%2B5', '.5', '5.', '1e3', '', 'NaN']) {
    t.strictSame(fields(await get(`ratio=${text}`)), { ratio: 'must be number' }, text)
  }
  t.strictSame(fields(await get('count=1&count=2')), { count: 'must be integer' })
})
