import { createHash } from 'node:crypto'
import t from 'tap'
import { listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

t.test('the docs page', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { url } = await listen(t, issuer, {
    environment: { AUTH0_DOMAIN: `${issuer.url}, https://second.test/realm` },
  })

  t.test('shows this API, and its policy allows its own inline script and nobody else’s', async (t) => {
    const response = await fetch(`${url}/docs`)
    t.equal(response.status, 200)
    t.match(response.headers.get('content-type'), /^text\/html/)
    const html = await response.text()
    t.match(html, /"url": "\/openapi\.json"/)
    const scripts = [...html.matchAll(/<script[^>]*>(.*?)<\/script>/gs)]
    const [inline, ...more] = scripts.map(([, script = '']) => script).filter((script) => script !== '')
    t.strictSame(more, [])
    const hash = createHash('sha256').update(`${inline}`).digest('base64')
    t.strictSame(response.headers.get('content-security-policy')?.split('; '), [
      "default-src 'none'",
      `script-src 'self' 'sha256-${hash}'`,
      "style-src 'unsafe-inline'",
      "img-src 'self' data:",
      "font-src 'self' data:",
      `connect-src 'self' ${new URL(issuer.url).origin} https://second.test`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    t.equal(response.headers.get('cross-origin-opener-policy'), 'unsafe-none', 'the log-in window finds back')
    t.equal(response.headers.get('x-content-type-options'), 'nosniff')
  })

  t.test('loads every script and style from the service itself', async (t) => {
    const html = await (await fetch(`${url}/docs/`)).text()
    t.notMatch(html, /(src|href)="(https?:)?\/\//)
    const response = await fetch(new URL('js/scalar.js', `${url}/docs/`))
    t.equal(response.status, 200)
    t.match(response.headers.get('content-type'), /^application\/javascript/)
    t.ok((await response.text()).length > 1_000_000)
  })

  t.test('is at one address, with or without a slash, also for HEAD', async (t) => {
    const [plain, slash] = await Promise.all([fetch(`${url}/docs`), fetch(`${url}/docs/?a=b`)])
    t.equal(plain.url, `${url}/docs/`)
    t.equal(await plain.text(), await slash.text())
    t.equal((await fetch(`${url}/docs`, { method: 'HEAD' })).status, 200)
  })

  t.test('has no other pages: they are 404 as everywhere', async (t) => {
    for (const path of ['/docs/x', '/docs/js/other.js', '/docs/../nowhere']) {
      const response = await fetch(`${url}${path}`)
      t.equal(response.status, 404)
      t.match(response.headers.get('content-type'), /^application\/json/)
      t.equal(response.headers.get('content-security-policy'), "default-src 'none'; frame-ancestors 'none'")
      t.match(await response.json(), { statusCode: 404, code: 'not_found' })
    }
  })
})
