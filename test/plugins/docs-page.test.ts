import { createHash } from 'node:crypto'
import t from 'tap'
import { listen } from '../helpers/app.ts'
import { AUDIENCE, TestIssuer } from '../helpers/issuer.ts'

t.test('the docs page', async (t) => {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, {
    environment: { AUTH0_DOMAIN: `${issuer.url}, https://second.test/realm` },
  })
  const { url } = app
  const scriptIn = (html: string) => /<script src="([^"]+)"/.exec(html)?.[1] ?? 'none'

  t.test('shows this API, and its content security policy allows only its own inline script', async (t) => {
    const response = await fetch(`${url}/docs`)
    t.equal(response.status, 200)
    t.match(response.headers.get('content-type'), /^text\/html/)
    const html = await response.text()
    t.match(html, /"url": "\/openapi\.json"/)
    t.match(html, /"x-usePkce": "SHA-256"/)
    t.match(html, new RegExp(`"audience": "${AUDIENCE}"`))
    const scripts = [...html.matchAll(/<script[^>]*>(.*?)<\/script>/gs)]
    const [inline, ...more] = scripts.map(([, script = '']) => script).filter((script) => script !== '')
    t.strictSame(more, [])
    const hash = createHash('sha256').update(`${inline}`).digest('base64')
    t.strictSame(response.headers.get('content-security-policy')?.split('; '), [
      "default-src 'none'",
      `script-src 'self' 'sha256-${hash}'`,
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data:",
      "font-src 'self' data:",
      `connect-src 'self' ${new URL(issuer.url).origin} https://second.test`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    t.equal(
      response.headers.get('cross-origin-opener-policy'),
      'unsafe-none',
      'the login window can reach its opener',
    )
    t.equal(response.headers.get('x-content-type-options'), 'nosniff')
  })

  t.test('has the look of the other pages: theme, mark and fonts, and telemetry stays off', async (t) => {
    const html = await (await fetch(`${url}/docs`)).text()
    t.match(html, /^<!doctype html>\s*<html lang="en">/)
    t.match(html, /<meta name="description" content="Read and try the API of Gatehouse\.">/)
    t.match(html, /"withDefaultFonts": false/)
    t.match(html, /"telemetry": false/)
    const linked = Object.fromEntries(
      [...html.matchAll(/<link rel="(\w+)" href="([^"]+)"/g)].map(([, rel, href]) => [rel, href]),
    )
    const get = async (address = '') => {
      const { statusCode, headers, body } = await app.inject(address)
      t.equal(statusCode, 200, address)
      t.equal(headers['cache-control'], 'public, max-age=31536000, immutable')
      return { type: headers['content-type'], body }
    }
    t.match(await get(linked.icon), { type: 'image/svg+xml', body: /^<svg / })
    const { type, body } = await get(linked.stylesheet)
    t.equal(type, 'text/css; charset=utf-8')
    t.match(body, '--scalar-background-1: var(--ground)')
    t.match(body, '--ground: light-dark(')
    t.match(body, '--service: "Gatehouse"')
    const addresses = [...body.matchAll(/url\("([^"]+)"\)/g)].map(([, address]) => address)
    t.strictSame(await Promise.all(addresses.map(async (address) => (await get(address)).type)), [
      'font/woff2',
      'font/woff2',
      'font/woff2',
      'image/svg+xml',
    ])
    const [font = ''] = addresses
    const { headers } = await app.inject({ url: font, headers: { 'accept-encoding': 'br, gzip' } })
    t.notOk(headers['content-encoding'], 'fonts are compressed themselves')
  })

  t.test('loads scripts and styles from the service only', async (t) => {
    const html = await (await fetch(`${url}/docs/`)).text()
    t.notMatch(html, /(src|href)="(https?:)?\/\//)
    const response = await fetch(new URL(scriptIn(html), url))
    t.equal(response.status, 200)
    t.match(response.headers.get('content-type'), /^text\/javascript/)
    t.ok((await response.text()).length > 1_000_000)
  })

  t.test('is the same with and without a trailing slash, and for HEAD', async (t) => {
    const [plain, slash] = await Promise.all([fetch(`${url}/docs`), fetch(`${url}/docs/?a=b`)])
    t.equal(await plain.text(), await slash.text())
    t.equal((await fetch(`${url}/docs`, { method: 'HEAD' })).status, 200)
  })

  t.test('has a script that is compressed, immutable and revalidated by its ETag', async (t) => {
    const script = new URL(scriptIn(await (await fetch(`${url}/docs`)).text()), url)
    const sizes: Record<string, number> = {}
    for (const encoding of ['br', 'gzip', 'identity', 'br;q=0, gzip', 'unknown']) {
      const { headers, body } = await app.inject({
        url: script.pathname,
        headers: { 'accept-encoding': encoding },
      })
      t.match(headers, { 'cache-control': 'public, max-age=31536000, immutable', vary: /Accept-Encoding/ })
      sizes[`${encoding}: ${headers['content-encoding']}`] = Number(headers['content-length'])
      t.ok(body.length > 0)
    }
    t.strictSame(Object.keys(sizes), [
      'br: br',
      'gzip: gzip',
      'identity: undefined',
      'br;q=0, gzip: gzip',
      'unknown: undefined',
    ])
    t.ok((sizes['br: br'] as number) < 1.3e6, `${sizes['br: br']} bytes`)
    const etag = (await fetch(script)).headers.get('etag') ?? ''
    t.equal((await fetch(script, { headers: { 'if-none-match': etag } })).status, 304)
    const head = await app.inject({ method: 'HEAD', url: script.pathname })
    t.strictSame([head.statusCode, head.body], [200, ''])
    t.ok(Number(head.headers['content-length']) > 1e6)
  })

  t.test('has no other pages: unknown paths below it are 404', async (t) => {
    for (const path of ['/docs/x', '/docs/js/other.js', '/docs/AAAAAAAAAAAAAAAA.js', '/docs/../nowhere']) {
      const response = await fetch(`${url}${path}`)
      t.equal(response.status, 404)
      t.match(response.headers.get('content-type'), /^application\/json/)
      t.equal(response.headers.get('content-security-policy'), "default-src 'none'; frame-ancestors 'none'")
      t.match(await response.json(), { statusCode: 404, code: 'not_found' })
    }
  })
})
