import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import t from 'tap'
import { buildApp, listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { webApp } from '../helpers/pages.ts'

const types = {
  'theme.css': 'text/css; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
  'menu.js': 'application/javascript; charset=utf-8',
  'back.js': 'application/javascript; charset=utf-8',
  'copy.js': 'application/javascript; charset=utf-8',
  'mark.svg': 'image/svg+xml',
  'hero.svg': 'image/svg+xml',
  'inter.woff2': 'font/woff2',
  'space-grotesk.woff2': 'font/woff2',
  'fira-code.woff2': 'font/woff2',
}

t.test('assets', async (t) => {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, { environment: webApp })
  const get = (path: string, init?: RequestInit) => fetch(`${app.url}${path}`, init)

  t.test('do not count towards the rate limit; unknown paths do', async (t) => {
    const app = await buildApp(t, issuer, { environment: { ...webApp, RATE_LIMIT_MAX: '3' } })
    const status = async (url: string) => (await app.inject(url)).statusCode
    for (const name of Object.keys(types)) t.equal(await status(`${app.assetsPath}/${name}`), 200)
    const others: number[] = []
    for (let i = 0; i < 4; i++) others.push(await status('/assets'))
    t.strictSame(others, [404, 404, 404, 429])
  })

  t.test('the icon is also at /favicon.ico', async (t) => {
    const response = await get('/favicon.ico')
    t.strictSame([response.status, response.headers.get('content-type')], [200, 'image/svg+xml'])
    t.match(await response.text(), /^<svg /)
  })

  t.test('are served with their media type and cached for good', async (t) => {
    for (const [name, type] of Object.entries(types)) {
      const response = await get(`${app.assetsPath}/${name}`)
      t.equal(response.status, 200, name)
      t.match(Object.fromEntries(response.headers), {
        'content-type': type,
        'cache-control': 'public, max-age=31536000, immutable',
        etag: /./,
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      })
      const head = await get(`${app.assetsPath}/${name}`, { method: 'HEAD' })
      t.equal(head.status, 200)
      const size = (await response.arrayBuffer()).byteLength
      t.ok(size > 0)
      t.equal(head.headers.get('content-length'), String(size))
      const headers = { 'if-none-match': String(response.headers.get('etag')) }
      t.equal((await app.inject({ url: `${app.assetsPath}/${name}`, headers })).statusCode, 304)
    }
  })

  t.test('of another version are served without caching', async (t) => {
    const response = await get('/assets/0123456789abcdef/style.css')
    t.equal(response.status, 200)
    t.equal(response.headers.get('cache-control'), 'public, max-age=0')
    t.equal(await response.text(), readFileSync('src/web/views/assets/style.css', 'utf8'))
  })

  t.test('are the only files served: any other path is 404', async (t) => {
    /** Sends the path unchanged; fetch would normalize it. */
    const status = (path: string) =>
      new Promise((resolve, reject) => {
        request(app.url, { path }, (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end()
      })
    const path = app.assetsPath
    t.equal(await status(`${path}/style.css`), 200)
    for (const other of [
      '/assets',
      '/assets/',
      '/assets/style.css',
      path,
      `${path}/`,
      `${path}/.`,
      `${path}/index.html`,
      `${path}/STYLE.css`,
      `${path}/inter-latin-wght-normal.woff2`,
      `${path}/style.css/x`,
      `${path}/../home.eta`,
      `${path}/..%2fhome.eta`,
      `${path}/%2e%2e%2fhome.eta`,
      `${path}/..%5chome.eta`,
      `${path}//style.css`,
      `${path}/style.css%00`,
      `${path}/__proto__`,
      '/assets/../../package.json',
      '/assets/%2e%2e/..%2f..%2fpackage.json',
    ]) {
      t.equal(await status(other), 404, other)
    }
  })

  t.test('are not in the OpenAPI document', async (t) => {
    const { paths } = JSON.parse((await app.inject('/openapi.json')).body)
    t.ok(paths['/api/public'])
    t.notOk(Object.keys(paths).some((path) => path.startsWith('/assets')))
  })
})

t.test('without the web app assets do not exist', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { assetsPath } = await buildApp(t, issuer, { environment: webApp })
  const app = await buildApp(t, issuer)
  t.equal((await app.inject(`${assetsPath}/style.css`)).statusCode, 404)
  t.notOk(app.routeTable.some(({ path }) => path.startsWith('/assets')))
  t.notOk(app.hasDecorator('assetsPath'))
})
