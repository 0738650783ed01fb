import t from 'tap'
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

t.test('a body is JSON or of a type with a registered parser', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t), {
    extend: (app) => {
      app.post('/echo', { config: { public: true } }, async ({ body }) => body)
    },
  })
  const post = async (type: string) =>
    (await app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': type }, payload: '{}' }))
      .statusCode
  t.equal(await post('application/json'), 200)
  t.equal(await post('application/json; charset=utf-8'), 200)
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
    t.equal(await post(type), 415, type)
  }
})
