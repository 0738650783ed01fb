import t from 'tap'
import packageJson from '../../package.json' with { type: 'json' }
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { startWithIssuer } from '../helpers/web-issuer.ts'

const pages = [
  ...['GET /', 'GET /login', 'GET /signup', 'GET /callback', 'GET /logout', 'POST /logout'],
  ...['GET /profile', 'GET /public', 'GET /protected', 'GET /admin', 'POST /backchannel-logout'],
]

t.test('without the web app GET / says what this is, and there is no page', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  const { json, headers } = await app.inject('/')
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  t.strictSame(json(), {
    name: 'gatehouse',
    version: packageJson.version,
    links: { docs: '/docs', openapi: '/openapi.json', health: '/readyz' },
  })
  for (const link of Object.values(json().links) as string[])
    t.not((await app.inject(link)).statusCode, 404, link)
  t.ok((await app.inject('/openapi.json')).json().paths['/'].get)
  for (const page of pages.slice(1)) {
    const [method, url] = page.split(' ') as ['GET' | 'POST', string]
    t.equal((await app.inject({ method, url })).statusCode, 404, page)
  }
})

t.test('with the web app the pages are there, and not in the OpenAPI document', async (t) => {
  const { app } = await startWithIssuer(t)
  const known = app.routeTable.map(({ method, path }) => `${method} ${path}`)
  for (const page of pages) t.ok(known.includes(page), page)
  t.match((await app.inject('/')).headers['content-type'], 'text/html')
  const { paths } = (await app.inject('/openapi.json')).json()
  for (const page of pages) t.notOk((page.split(' ')[1] as string) in paths, page)
})
