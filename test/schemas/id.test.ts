import t from 'tap'
import { IdParams, orNotFound } from '../../src/schemas/id.ts'
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

const notFound = { code: 'not_found', statusCode: 404 }

t.test(
  'an ID in a path is a positive safe integer in decimal digits, and anything else is 404',
  async (t) => {
    const app = await buildApp(t, await TestIssuer.start(t), {
      extend: (app) => {
        const schema = { params: IdParams }
        app.get<{ Params: { id: number } }>(
          '/things/:id',
          { config: { public: true }, schema },
          async ({ params }) => ({ id: params.id }),
        )
      },
    })
    const get = async (id: string) => (await app.inject(`/things/${encodeURIComponent(id)}`)).json()
    t.strictSame(await get('1'), { id: 1 })
    t.strictSame(await get('9007199254740991'), { id: Number.MAX_SAFE_INTEGER })
    for (const id of [
      ...['0', '01', '-1', '+1', '1.0', '1e3', '0x1', ' 1', '1 ', 'a', '٣'],
      ...['9007199254740992', '9'.repeat(99)],
    ]) {
      t.match(await get(id), notFound, id)
    }
  },
)

t.test('orNotFound returns any value except undefined, which is 404', async (t) => {
  for (const thing of [{}, 0, '', null, false]) t.equal(orNotFound(thing), thing)
  t.throws(() => orNotFound(undefined), notFound)
})
