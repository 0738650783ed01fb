import { join } from 'node:path'
import t from 'tap'
import { bearer, buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { readDocument } from '../helpers/markdown.ts'

t.test('the route of the README works as pasted', async (t) => {
  const [, source = ''] =
    /^```ts\n(\/\/ src\/routes\/things\.ts\n.*?)^```$/ms.exec(readDocument('README.md')) ?? []
  const src = join(import.meta.dirname, '../../src')
  const routes = t.testdir({ 'things.ts': source.replaceAll("'../", `'${src}/`) })
  const issuer = await TestIssuer.start(t)
  const app = await buildApp(t, issuer, { routes })
  const read = async (claims: object) => {
    const response = await app.inject({ url: '/things', headers: bearer(await issuer.sign(claims)) })
    return [response.statusCode, response.json()]
  }
  t.strictSame(await read({ sub: 'ada', scope: 'read:things' }), [200, [{ name: 'kettle', owner: 'ada' }]])
  t.match(await read({}), [403, { code: 'insufficient_scope' }])
  const { paths } = (await app.inject('/openapi.json')).json()
  t.match(paths['/things'].get, { operationId: 'getThings', tags: ['things'] })
})
