import t from 'tap'
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { startWithIssuer } from '../helpers/web-issuer.ts'

const pages = [
  ...['GET /', 'GET /login', 'GET /signup', 'GET /callback', 'GET /logout', 'POST /logout'],
  ...['GET /profile', 'GET /public', 'GET /protected', 'GET /admin', 'POST /backchannel-logout'],
]

t.test('without the web app the pages are 404', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  for (const page of pages.slice(1)) {
    const [method, url] = page.split(' ') as ['GET' | 'POST', string]
    t.equal((await app.inject({ method, url })).statusCode, 404, page)
  }
})

t.test('with the web app its pages exist, and are not in the OpenAPI document', async (t) => {
  const { app } = await startWithIssuer(t)
  const known = app.routeTable.map(({ method, path }) => `${method} ${path}`)
  for (const page of pages) t.ok(known.includes(page), page)
  t.match((await app.inject('/')).headers['content-type'], 'text/html')
  const { paths } = (await app.inject('/openapi.json')).json()
  for (const page of pages) t.notOk((page.split(' ')[1] as string) in paths, page)
})

t.test('with DOCS=off no page links to the API reference', async (t) => {
  const { app } = await startWithIssuer(t, { DOCS: 'off' })
  t.equal((await app.inject('/docs')).statusCode, 404)
  t.notMatch((await app.inject('/')).body, /\/docs|openapi\.json/)
})
