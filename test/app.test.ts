import { globSync } from 'node:fs'
import t, { type Test } from 'tap'
import packageJson from '../package.json' with { type: 'json' }
import { bearer, buildApp, listen } from './helpers/app.ts'
import { TestIssuer } from './helpers/issuer.ts'

const SRC = `${import.meta.dirname}/../src`

/** Returns the address, protocol and host that the service sees behind proxies. */
async function callerSeen(t: Test, TRUST_PROXY: string) {
  const app = await buildApp(t, await TestIssuer.start(t), {
    environment: { TRUST_PROXY },
    extend: (app) => {
      app.get('/caller', { config: { public: true } }, async ({ ip, protocol, host }) => ({
        ip,
        protocol,
        host,
      }))
    },
  })
  return async (remoteAddress: string, forwardedFor: string) => {
    const headers = {
      'x-forwarded-for': forwardedFor,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'public.test',
    }
    return (
      await app.inject({ url: '/caller', headers: { host: 'inner.localhost', ...headers }, remoteAddress })
    ).json()
  }
}

const chain = '203.0.113.7, 198.51.100.2, 10.0.0.2'

for (const [TRUST_PROXY, ip] of Object.entries({
  false: '10.0.0.1',
  0: '10.0.0.1',
  1: '10.0.0.2',
  2: '198.51.100.2',
  3: '203.0.113.7',
  4: '203.0.113.7',
  '10.0.0.1': '10.0.0.2',
  '10.0.0.0/8': '198.51.100.2',
  'loopback, uniquelocal': '198.51.100.2',
  loopback: '10.0.0.1',
})) {
  t.test(`behind proxies trusted by "${TRUST_PROXY}" the caller is ${ip}`, async (t) => {
    const seen = await callerSeen(t, TRUST_PROXY)
    const { ip: actual, protocol, host } = await seen('10.0.0.1', chain)
    t.equal(actual, ip)
    const isTrusted = ip !== '10.0.0.1'
    t.strictSame([protocol, host], isTrusted ? ['https', 'public.test'] : ['http', 'inner.localhost'])
  })
}

t.test('forwarded headers of an unlisted proxy are ignored', async (t) => {
  const seen = await callerSeen(t, '10.0.0.0/8')
  t.match(await seen('192.0.2.1', '203.0.113.7'), {
    ip: '192.0.2.1',
    protocol: 'http',
    host: 'inner.localhost',
  })
  t.match(await seen('10.9.9.9', '203.0.113.7'), {
    ip: '203.0.113.7',
    protocol: 'https',
    host: 'public.test',
  })
})

t.test('a trailing slash has no effect, HEAD works like GET, and other methods are 405', async (t) => {
  const issuer = await TestIssuer.start(t)
  const { url } = await listen(t, issuer)
  const headers = bearer(await issuer.sign({ scope: 'read:messages', permissions: ['read:admin-messages'] }))
  const status = async (path: string, method = 'GET') =>
    (await fetch(`${url}${path}`, { method, headers })).status
  for (const path of [
    ...[
      '/livez',
      '/readyz',
      '/openapi.json',
      '/api/public',
      '/api/private',
      '/api/private-scoped',
      '/api/me',
    ],
    ...['/api/messages/public', '/api/messages/protected', '/api/messages/admin'],
  ]) {
    t.equal(await status(path), 200, path)
    t.equal(await status(`${path}/`), 200, `${path}/`)
    t.equal(await status(path, 'HEAD'), 200, `HEAD ${path}`)
    t.equal(await status(path, 'POST'), 405, `POST ${path}`)
    t.equal(await status(`${path}x`), 404, `${path}x`)
  }
  const unknown = await fetch(`${url}/nowhere`, { headers })
  t.equal(unknown.status, 404)
  t.equal(unknown.headers.get('content-type'), 'application/json; charset=utf-8')
  t.strictSame(await unknown.json(), {
    statusCode: 404,
    code: 'not_found',
    error: 'Not Found',
    message: 'Not Found',
  })
})

t.test('every plugin, route and page file has a function as its default export', async (t) => {
  const files = globSync(['plugins/*.ts', 'plugins/*/index.ts', 'routes/**/*.ts', '*/pages/*.ts'], {
    cwd: SRC,
  })
  t.ok(files.length > 0)
  for (const file of files) t.type((await import(`${SRC}/${file}`)).default, 'function', file)
})

t.test('with DOCS=off there is no API reference, no OpenAPI document and no link to them', async (t) => {
  const issuer = await TestIssuer.start(t)
  const api = await buildApp(t, issuer, { environment: { DOCS: 'off' } })
  for (const url of ['/docs', '/docs/', '/openapi.json']) {
    t.equal((await api.inject(url)).statusCode, 404, url)
  }
  t.notMatch((await api.inject('/')).body, /\/docs|openapi\.json/)
  t.equal((await api.inject('/api/public')).statusCode, 200)
})

t.test('GET / describes the service', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  const { json, headers } = await app.inject('/')
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  t.strictSame(json(), {
    name: packageJson.name,
    version: packageJson.version,
    links: { docs: '/docs', openapi: '/openapi.json', health: '/readyz' },
  })
  for (const link of Object.values(json().links) as string[])
    t.not((await app.inject(link)).statusCode, 404, link)
  t.ok((await app.inject('/openapi.json')).json().paths['/'].get)
})
