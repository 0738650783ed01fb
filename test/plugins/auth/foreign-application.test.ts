import { cpSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import auth from '../../../src/plugins/auth/index.ts'
import guards from '../../../src/plugins/guards/index.ts'
import { bearer } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

const SRC = join(import.meta.dirname, '../../../src')

/** Copies the two plugins and what they import, without the rest of the service. */
async function copyPlugins(t: Test) {
  const copy = t.testdir()
  for (const folder of ['plugins/auth', 'plugins/guards', 'errors', 'http'])
    cpSync(join(SRC, folder), join(copy, folder), { recursive: true })
  const [auth, guards] = await Promise.all([
    import(join(copy, 'plugins/auth/index.ts')),
    import(join(copy, 'plugins/guards/index.ts')),
  ])
  return { auth: auth.default, guards: guards.default }
}

t.test('a foreign application uses auth and guards in two scopes with two audiences', async (t) => {
  const { auth, guards } = await copyPlugins(t)
  const issuer = await TestIssuer.start(t)
  const foreign = Fastify()
  t.teardown(() => foreign.close())
  foreign.decorate('config', { itsOwn: true } as never)
  for (const name of ['orders', 'reports']) {
    await foreign.register(
      async (scope) => {
        await scope.register(auth, { issuers: [issuer.url], audiences: [`https://${name}.test`] })
        await scope.register(guards)
        scope.get('/me', { preHandler: scope.authenticate }, async ({ token }) => ({ sub: token?.subject }))
        scope.get('/read', { preHandler: scope.requiresScope('read:it') }, async () => ({ name }))
        scope.get('/open', { config: { public: true } }, async ({ token }) => ({ token }))
      },
      { prefix: `/${name}` },
    )
  }
  const url = await foreign.listen({ port: 0 })
  const get = async (path: string, claims?: object) => {
    const headers = claims ? bearer(await issuer.sign(claims)) : {}
    const response = await fetch(`${url}${path}`, { headers })
    const body = (await response.json()) as Record<string, unknown>
    return { status: response.status, body, challenge: response.headers.get('www-authenticate') }
  }
  const orders = { aud: 'https://orders.test', sub: 'ada' }

  t.match(await get('/orders/me', orders), { status: 200, body: { sub: 'ada' } })
  t.match(await get('/reports/me', { aud: 'https://reports.test' }), { status: 200 })
  t.match(await get('/orders/me'), {
    status: 401,
    body: {
      statusCode: 401,
      code: 'missing_token',
      message: 'Authentication credentials were not provided.',
    },
    challenge: 'Bearer realm="api"',
  })
  t.match(await get('/reports/me', orders), { status: 401, body: { code: 'invalid_token' } })
  t.match(await get('/orders/read', orders), {
    status: 403,
    body: { code: 'insufficient_scope' },
    challenge: /error="insufficient_scope", .*scope="read:it"/,
  })
  t.match(await get('/orders/read', { ...orders, scope: 'read:it' }), {
    status: 200,
    body: { name: 'orders' },
  })
  t.strictSame((await get('/reports/open')).body, { token: null })
  t.equal(issuer.keySetRequests, 2, 'each scope has its own key sets')
})

t.test('an unavailable issuer is 503 in a foreign application, too', async (t) => {
  const { auth, guards } = await copyPlugins(t)
  const issuer = await TestIssuer.start(t)
  const token = await issuer.sign()
  await issuer.stop()
  const foreign = Fastify()
  t.teardown(() => foreign.close())
  await foreign.register(auth, { issuers: [issuer.url], audiences: ['https://api.test'] })
  await foreign.register(guards)
  foreign.get('/me', { preHandler: foreign.authenticate }, async () => 'ok')
  const { statusCode, headers } = await foreign.inject({ url: '/me', headers: bearer(token) })
  t.strictSame([statusCode, headers['retry-after']], [503, '5'])
})

t.test('an unguarded route of a foreign application stops its boot', async (t) => {
  const { auth, guards } = await copyPlugins(t)
  const foreign = Fastify()
  t.teardown(() => foreign.close())
  await foreign.register(auth, { issuers: ['https://issuer.test/'], audiences: ['api'] })
  await foreign.register(guards)
  t.throws(() => foreign.get('/dump', async () => 'secret'), { message: /^GET \/dump does not say/ })
})

t.test('issuers and audiences are enough: the other options have defaults', async (t) => {
  const issuer = await TestIssuer.start(t)
  const foreign = Fastify()
  t.teardown(() => foreign.close())
  await foreign.register(auth, { issuers: [issuer.url], audiences: ['api'] })
  const now = Date.now()
  const ahead = await issuer.sign({ aud: 'api', iat: Math.floor(now / 1000) + 29 })
  t.match(await foreign.verifier.verify(ahead, now), { subject: 'auth0|1' })
  const late = await issuer.sign({ aud: 'api', iat: Math.floor(now / 1000) + 60 })
  t.throws(() => foreign.verifier.verify(late, now), { code: 'invalid_token' })
})

t.test(
  'challenges name the metadata of an application that serves it, with resources of its own',
  async (t) => {
    const issuer = await TestIssuer.start(t)
    const serve = async (options: { publicUrl?: string }) => {
      const foreign = Fastify()
      t.teardown(() => foreign.close())
      await foreign.register(auth, { issuers: [issuer.url], audiences: ['api'] })
      await foreign.register(guards, options)
      foreign.resources.declare({ path: '/a', audiences: ['for-a'] })
      foreign.get('/a/x', { preHandler: foreign.authenticate }, async () => 'ok')
      foreign.get('/b', { preHandler: foreign.requiresScope('read:b') }, async () => 'ok')
      return async (url: string, aud?: string) => {
        const headers = aud === undefined ? {} : bearer(await issuer.sign({ aud, scope: 'read:b' }))
        const response = await foreign.inject({ url, headers })
        return response.statusCode === 200 ? 200 : response.headers['www-authenticate']
      }
    }
    const without = await serve({})
    t.equal(await without('/a/x'), 'Bearer realm="api"')
    t.equal(await without('/b'), 'Bearer realm="api", scope="read:b"')
    const withMetadata = await serve({ publicUrl: 'https://foreign.test' })
    const url = 'https://foreign.test/.well-known/oauth-protected-resource'
    t.equal(await withMetadata('/a/x'), `Bearer realm="api", resource_metadata="${url}/a"`)
    t.equal(await withMetadata('/b'), `Bearer realm="api", scope="read:b", resource_metadata="${url}"`)
    for (const get of [without, withMetadata]) {
      t.strictSame([await get('/a/x', 'for-a'), await get('/b', 'api')], [200, 200])
      t.match(await get('/a/x', 'api'), /error="invalid_token"/)
      t.match(await get('/b', 'for-a'), /error="invalid_token"/)
    }
  },
)
