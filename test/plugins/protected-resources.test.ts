import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import * as oauth from 'oauth4webapi'
import t, { type Test } from 'tap'
import { scopesOf } from '../../src/plugins/guards/index.ts'
import { type BuildOptions, bearer, buildApp, listen } from '../helpers/app.ts'
import { AUDIENCE, TestIssuer } from '../helpers/issuer.ts'
import { webAppAt } from '../helpers/web-app.ts' // part: web-app

const PUBLIC_URL = 'https://api.example'
const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/** Declares two resources with routes, one within the other. */
function extend(app: FastifyInstance) {
  app.protectedResource('/reports', { name: 'Reports' })
  app.protectedResource('/reports/archive', { name: 'Archive', audiences: ['archive', 'https://old.test'] })
  app.register(
    async (scope) => {
      scope.get('/list', { preHandler: app.requiresScope('read:reports') }, async ({ token }) => token)
      scope.post('/list', { preHandler: app.requiresPermission('write:reports') }, async () => 'ok')
      scope.get('/any', { preHandler: app.requiresAnyScope('b:reports', 'a:reports') }, async () => 'ok')
      scope.get('/admin', { preHandler: app.requiresRole('admin') }, async () => 'ok')
      scope.get('/archive/:id', { preHandler: app.optionalToken }, async ({ token }) => ({ token }))
      scope.get('/open', { config: { public: true } }, async () => 'ok')
    },
    { prefix: '/reports' },
  )
}

async function start(t: Test, options: BuildOptions = {}) {
  const issuer = await TestIssuer.start(t)
  const environment = { PUBLIC_URL, DPOP: 'disabled', ...options.environment }
  const app = await buildApp(t, issuer, { extend, ...options, environment })
  const metadata = async (path = '', headers = {}) => app.inject({ url: `${WELL_KNOWN}${path}`, headers })
  const call = async (url: string, claims?: object, method: 'GET' | 'POST' = 'GET') => {
    const headers = claims ? bearer(await issuer.sign(claims)) : {}
    const response = await app.inject({ method, url, headers })
    return { status: response.statusCode, challenge: response.headers['www-authenticate'] }
  }
  return { issuer, app, metadata, call }
}

t.test('the metadata says how tokens may be bound', async (t) => {
  const names = [
    'dpop_signing_alg_values_supported',
    'dpop_bound_access_tokens_required',
    'tls_client_certificate_bound_access_tokens',
  ]
  for (const [environment, expected] of [
    [{ DPOP: 'disabled' }, [undefined, undefined, undefined]],
    [{ DPOP: 'allowed', DPOP_ALGORITHMS: 'ES256' }, [['ES256'], undefined, undefined]],
    [
      { DPOP: 'required', CLIENT_CERT_HEADER: 'client-cert', TRUST_PROXY: '1' },
      [['ES256', 'EdDSA', 'RS256'], true, true],
    ],
  ] as const) {
    const { metadata } = await start(t, { environment })
    const body = (await metadata()).json()
    t.strictSame(
      names.map((name) => body[name]),
      expected,
    )
  }
})

t.test('each protected resource has metadata', async (t) => {
  const { issuer, metadata } = await start(t)
  const common = {
    authorization_servers: [issuer.url],
    bearer_methods_supported: ['header'],
    resource_documentation: `${PUBLIC_URL}/docs`,
  }
  const root = await metadata()
  t.equal(root.statusCode, 200)
  t.match(root.headers, {
    'content-type': /^application\/json/,
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
  })
  const { scopes_supported: scopes, ...others } = root.json()
  t.strictSame(others, { ...common, resource: PUBLIC_URL, resource_name: 'Gatehouse' })
  const known = [
    ...['create:revocations', 'create:users', 'delete:revocations', 'delete:users', 'read:admin-messages'],
    ...['read:audit', 'read:messages', 'read:revocations', 'read:users'],
  ]
  // Routes that a service adds have scopes of their own, which the test below compares
  t.strictSame(
    scopes.filter((scope: string) => known.includes(scope)),
    known,
  )
  t.strictSame((await metadata('/reports')).json(), {
    ...common,
    resource: `${PUBLIC_URL}/reports`,
    resource_name: 'Reports',
    scopes_supported: ['a:reports', 'b:reports', 'read:reports', 'write:reports'],
  })
  t.strictSame((await metadata('/reports/archive')).json(), {
    ...common,
    resource: `${PUBLIC_URL}/reports/archive`,
    resource_name: 'Archive',
  })
  for (const path of ['/report', '/reports/list', '/reports/archive/1', '/nowhere'])
    t.match((await metadata(path)).json(), { statusCode: 404, code: 'not_found' }, path)
})

t.test('the metadata does not link to documentation that is not served', async (t) => {
  const { metadata } = await start(t, { environment: { DOCS: 'off' } })
  t.notOk('resource_documentation' in (await metadata()).json())
})

t.test('the metadata lists the scopes of the guards, and no others', async (t) => {
  const { app, metadata } = await start(t)
  for (const path of ['', '/reports', '/reports/archive']) {
    const { scopes_supported: listed = [] } = (await metadata(path)).json()
    const routes = app.routeTable.filter((route) => app.resources.pathOf(route.path) === (path || '/'))
    const required = routes.flatMap(({ guards }) => scopesOf(guards))
    t.strictSame(listed, [...new Set(required)].sort())
  }
})

t.test(
  'the challenge of every guarded route names its metadata, which has the scopes of the challenge',
  async (t) => {
    const { app, metadata } = await start(t)
    const guarded = app.routeTable.filter(({ guards, method }) => guards.length > 0 && method !== 'HEAD')
    const mentioned = new Set<string>()
    for (const { method, path, guards } of guarded) {
      const url = path.replace(/:\w+/g, '1')
      const headers = { authorization: 'Bearer x' }
      const response = await app.inject({ method: method as 'GET', url, headers })
      const challenge = String(response.headers['www-authenticate'])
      const [, scope = '', location = ''] =
        /^Bearer realm="api", error="invalid_token", error_description="[^"]+"(?:, scope="([^"]+)")?, resource_metadata="([^"]+)"$/.exec(
          challenge,
        ) ?? []
      t.ok(location.startsWith(`${PUBLIC_URL}${WELL_KNOWN}`), `${method} ${path}: ${challenge}`)
      const { resource, scopes_supported = [] } = (
        await metadata(location.slice(`${PUBLIC_URL}${WELL_KNOWN}`.length))
      ).json()
      t.ok(`${PUBLIC_URL}${path}`.startsWith(resource))
      const scopes = scope.split(' ').filter(Boolean)
      t.equal(scopes.length > 0, scopesOf(guards).length > 0)
      for (const name of scopes) {
        t.ok(scopes_supported.includes(name), name)
        mentioned.add(name)
      }
    }
    t.ok(mentioned.has('read:reports') && mentioned.has('read:messages'))
  },
)

t.test('a challenge has the scopes that the route requires, then the address of the metadata', async (t) => {
  const { call } = await start(t)
  const at = (path = '') => `resource_metadata="${PUBLIC_URL}${WELL_KNOWN}${path}"`
  const reports = { aud: `${PUBLIC_URL}/reports` }
  const insufficient = 'Bearer realm="api", error="insufficient_scope", error_description='
  t.strictSame(await call('/api/private'), { status: 401, challenge: `Bearer realm="api", ${at()}` })
  t.strictSame(await call('/api/private-scoped'), {
    status: 401,
    challenge: `Bearer realm="api", scope="read:messages", ${at()}`,
  })
  t.strictSame(await call('/reports/any'), {
    status: 401,
    challenge: `Bearer realm="api", scope="b:reports", ${at('/reports')}`,
  })
  t.strictSame(await call('/reports/list', undefined, 'POST'), {
    status: 401,
    challenge: `Bearer realm="api", scope="write:reports", ${at('/reports')}`,
  })
  t.strictSame(await call('/api/private-scoped', { scope: 'write:messages' }), {
    status: 403,
    challenge: `${insufficient}"You don't have access to this resource", scope="read:messages", ${at()}`,
  })
  t.strictSame(await call('/reports/admin', reports), { status: 403, challenge: undefined })
  t.strictSame(await call('/reports/archive/1', { aud: 'archive', exp: 1 }), {
    status: 401,
    challenge: `Bearer realm="api", error="invalid_token", error_description="token is expired", ${at('/reports/archive')}`,
  })
})

t.test('the challenge of a declared resource names the granted scopes, too', async (t) => {
  const { call } = await start(t)
  const granted = { aud: `${PUBLIC_URL}/reports`, scope: ['openid', 'b:reports', 'a"b', 'c d', 'e\\f'] }
  t.match(await call('/reports/list', granted), {
    status: 403,
    challenge: /, scope="openid b:reports read:reports", resource_metadata=/,
  })
  t.match(await call('/reports/list', granted, 'POST'), {
    status: 403,
    challenge: /, scope="openid b:reports write:reports", resource_metadata=/,
  })
})

t.test('a route accepts tokens for its own resource only', async (t) => {
  const { call } = await start(t)
  const status = async (path: string, aud: string | string[]) =>
    (await call(path, { aud, scope: 'read:reports' })).status
  const [root, reports, archive] = ['/api/private', '/reports/list', '/reports/archive/1']
  const identifier = `${PUBLIC_URL}/reports`
  for (const [aud, statuses] of [
    [AUDIENCE, [200, 401, 401]],
    [identifier, [401, 200, 401]],
    ['archive', [401, 401, 200]],
    ['https://old.test', [401, 401, 200]],
    [
      [AUDIENCE, identifier],
      [200, 200, 401],
    ],
    [`${PUBLIC_URL}/reports/archive`, [401, 401, 401]],
    [PUBLIC_URL, [401, 401, 401]],
    [`${identifier}/`, [401, 401, 401]],
  ] as const) {
    const audience = typeof aud === 'string' ? aud : [...aud]
    for (const [i, path] of [root, reports, archive].entries()) {
      t.equal(await status(path, audience), statuses[i], `${aud} at ${path}`)
      t.equal(await status(path, audience), statuses[i], `${aud} at ${path}, cached`)
    }
  }
})

t.test('a token for another resource is rejected with the reason audience', async (t) => {
  const { app, call, issuer } = await start(t)
  t.equal((await call('/api/private')).status, 401)
  const response = await app.inject({
    url: '/reports/list',
    headers: bearer(await issuer.sign({ scope: 'read:reports' })),
  })
  t.match(response.json(), {
    code: 'invalid_token',
    message: 'incorrect claims, please check the audience and issuer',
  })
  t.ok(app.logLines.some(({ detail }) => detail === 'aud names another resource'))
})

t.test('a resource is declared before its routes', async (t) => {
  const late = (app: FastifyInstance) => {
    app.get('/mcp/a', { preHandler: app.authenticate }, async () => 'ok')
    app.protectedResource('/mcp', { name: 'Late' })
  }
  await t.rejects(start(t, { extend: late }), {
    message: "app.protectedResource('/mcp') must stand before GET /mcp/a",
  })
  const twice = (app: FastifyInstance) => {
    for (const name of ['a', 'b']) app.protectedResource('/mcp', { name })
  }
  await t.rejects(start(t, { extend: twice }), { message: /declared twice/ })
})

t.test('the metadata does not come from the request', async (t) => {
  const { metadata } = await start(t, { environment: { TRUST_PROXY: '1' } })
  const forged = { host: 'evil.test', 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'http' }
  t.equal((await metadata('', forged)).body, (await metadata()).body)
})

t.test('the metadata is served while the issuer is down', async (t) => {
  const { issuer, metadata } = await start(t)
  await issuer.stop()
  t.match((await metadata('/reports')).json(), { authorization_servers: [issuer.url] })
})

t.test('any origin may read the metadata, with and without CORS for others', async (t) => {
  for (const CLIENT_ORIGIN_URL of ['', 'https://app.example']) {
    const { metadata } = await start(t, { environment: { CLIENT_ORIGIN_URL } })
    for (const origin of ['https://app.example', 'https://inspector.example']) {
      const { headers } = await metadata('', { origin })
      t.equal(headers['access-control-allow-origin'], '*')
      t.notOk('vary' in headers)
    }
  }
})

t.test('the issuer of logins is first, and an issuer for every tenant is left out', async (t) => {
  const issuers = [
    { issuer: 'https://one.test/', audiences: ['a'] },
    { issuer: 'https://two.test/', audiences: ['b'], login: true },
    { issuer: 'https://every.test/{tid}/', tenants: ['*'], audiences: ['c'] },
  ]
  const serversOf = async (entries: object[]) => {
    const file = `${t.testdir({ 'issuers.json': JSON.stringify(entries) })}/issuers.json`
    const environment = { AUTH0_DOMAIN: '', AUTH0_AUDIENCE: '', ISSUERS_FILE: file }
    const { metadata } = await start(t, { environment })
    return (await metadata()).json().authorization_servers
  }
  t.strictSame(await serversOf(issuers), ['https://two.test/', 'https://one.test/'])
  t.strictSame(await serversOf(issuers.slice(2)), undefined)
})

// part: web-app
t.test('the web app serves the metadata, and its pages have no challenge', async (t) => {
  const { app, metadata } = await start(t, { environment: webAppAt('http://localhost:1') })
  t.equal((await metadata()).json().resource, PUBLIC_URL)
  const page = await app.inject({ url: '/profile' })
  t.strictSame([page.statusCode, page.headers['www-authenticate']], [302, undefined])
})
// end

t.test('behind a proxy that removes a path a strict client finds the metadata', async (t) => {
  const issuer = await TestIssuer.start(t)
  const target = { url: '' }
  const proxy = createServer((request, response) => {
    const url = request.url?.replace(/^\/svc2(?=\/|$)/, '') || '/'
    const { method, headers } = request
    httpRequest(`${target.url}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode as number, answer.headers)
      answer.pipe(response)
    }).end()
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const base = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/svc2`
  const service = await listen(t, issuer, { extend, environment: { PUBLIC_URL: base } })
  target.url = service.url
  const options = { [oauth.allowInsecureRequests]: true }
  for (const [path, resource] of [
    ['/api/private', base],
    ['/reports/list', `${base}/reports`],
  ] as const) {
    const refused = await fetch(`${base}${path}`)
    const [, location = ''] =
      /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '') ?? []
    const named = await fetch(location)
    await oauth.processResourceDiscoveryResponse(new URL(resource), named) // compares exactly
    const derived = await oauth.resourceDiscoveryRequest(new URL(resource), options)
    const metadata = await oauth.processResourceDiscoveryResponse(new URL(resource), derived)
    t.equal(metadata.resource, resource)
    const other = await oauth.resourceDiscoveryRequest(new URL(`${base}/nowhere`), options)
    t.equal(other.status, 404)
  }
  const token = await issuer.sign({ aud: `${base}/reports`, scope: 'read:reports' })
  t.equal((await fetch(`${base}/reports/list`, { headers: bearer(token) })).status, 200)
})
