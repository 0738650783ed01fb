import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import type { TokenGuard } from '../../../src/plugins/guards/index.ts'
import { bearer, listen } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

type Make = (app: FastifyInstance) => TokenGuard

/** Serves a route for each guard, over real HTTP. `call` sends a token with the claims. */
async function serve(t: Test, guards: Record<string, Make>) {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, {
    extend: (app) => {
      for (const [url, make] of Object.entries(guards))
        app.get(url, { preHandler: make(app) }, async () => ({ ok: true }))
    },
  })
  const call = async (url: string, claims?: object) => {
    const headers = claims ? bearer(await issuer.sign(claims)) : {}
    const response = await fetch(`${app.url}${url}`, { headers })
    const body = (await response.json()) as Record<string, unknown>
    return {
      status: response.status,
      code: body.code,
      message: body.message,
      challenge: response.headers.get('www-authenticate'),
    }
  }
  const status = async (url: string, claims?: object) => (await call(url, claims)).status
  return { app, call, status }
}

t.test('one of several scopes or permissions suffices, and the challenge names the first', async (t) => {
  const { call, status } = await serve(t, {
    '/scopes': (app) => app.requiresAnyScope('read:things', 'write:things'),
    '/permissions': (app) => app.requiresAnyPermission('read:things', 'write:things'),
  })
  for (const name of ['read:things', 'write:things']) {
    t.equal(await status('/scopes', { scope: `openid ${name}` }), 200)
    t.equal(await status('/permissions', { permissions: [name] }), 200)
  }
  for (const claims of [{}, { scope: 'read:thing' }, { permissions: 'read:things' }]) {
    t.match(await call('/scopes', claims), {
      status: 403,
      code: 'insufficient_scope',
      challenge: /error="insufficient_scope".*, scope="read:things", resource_metadata="[^"]+"$/,
    })
    t.match(await call('/permissions', claims), {
      status: 403,
      code: 'insufficient_permissions',
      challenge: /error="insufficient_scope".*, scope="read:things", resource_metadata="[^"]+"$/,
    })
  }
  t.equal(await status('/scopes'), 401)
})

t.test('every role is needed, and a missing one is 403 without a challenge', async (t) => {
  const { call, status } = await serve(t, { '/roles': (app) => app.requiresRole('editor', 'auditor') })
  t.equal(await status('/roles', { roles: ['auditor', 'reader', 'editor'] }), 200)
  for (const roles of [
    undefined,
    null,
    {},
    'editor auditor',
    ['editor'],
    ['editor auditor'],
    [['editor', 'auditor']],
  ]) {
    t.strictSame(
      await call('/roles', { roles, permissions: ['editor', 'auditor'], scope: 'editor auditor' }),
      {
        status: 403,
        code: 'insufficient_role',
        message: 'You do not have the required role',
        challenge: null,
      },
      JSON.stringify(roles),
    )
  }
  t.equal((await call('/roles')).code, 'missing_token')
})

t.test('a claim must be one of the values, or contain one', async (t) => {
  const { call, status } = await serve(t, {
    '/text': (app) => app.requiresClaim('/https:~1~1example.com~1tenant', 'a', 'b'),
    '/number': (app) => app.requiresClaim('/level', 3),
    '/boolean': (app) => app.requiresClaim('/email_verified', true),
    '/deep': (app) => app.requiresClaim('/realm_access/roles', 'admin'),
    '/index': (app) => app.requiresClaim('/groups/0', 'first'),
    '/length': (app) => app.requiresClaim('/groups/length', 1),
    '/inherited': (app) => app.requiresClaim('/constructor/name', 'Object'),
  })
  const tenant = (value: unknown) => ({ 'https://example.com/tenant': value })
  for (const [url, claims] of [
    ['/text', tenant('a')],
    ['/text', tenant('b')],
    ['/text', tenant(['c', 'b'])],
    ['/number', { level: 3 }],
    ['/boolean', { email_verified: true }],
    ['/deep', { realm_access: { roles: ['user', 'admin'] } }],
    ['/index', { groups: ['first'] }],
  ] as const)
    t.equal(await status(url, claims), 200, `${url} ${JSON.stringify(claims)}`)
  for (const [url, claims] of [
    ['/text', {}],
    ['/text', tenant('c')],
    ['/text', tenant('A')],
    ['/text', tenant('a b')],
    ['/text', tenant(['c'])],
    ['/text', tenant([['a']])],
    ['/text', tenant({ a: 'a' })],
    ['/text', tenant(null)],
    ['/number', { level: '3' }],
    ['/number', { level: 4 }],
    ['/boolean', { email_verified: 'true' }],
    ['/boolean', { email_verified: 1 }],
    ['/deep', { realm_access: 'admin' }],
    ['/deep', { 'realm_access/roles': ['admin'] }],
    ['/deep', { realm_access: null }],
    ['/index', { groups: 'first' }],
    ['/length', { groups: ['first'] }],
    ['/inherited', {}],
  ] as const)
    t.match(
      await call(url, claims),
      { status: 403, code: 'insufficient_claims', challenge: null },
      `${url} ${JSON.stringify(claims)}`,
    )
})

t.test('the value of a claim may come from the request', async (t) => {
  const { status } = await serve(t, {
    '/orgs/:org': (app) => app.requiresClaim('/org_id', ({ params }) => params.org),
    '/absent': (app) => app.requiresClaim('/org_id', ({ params }) => params.org),
  })
  t.equal(await status('/orgs/org_1', { org_id: 'org_1' }), 200)
  t.equal(await status('/orgs/org_2', { org_id: 'org_1' }), 403)
  t.equal(await status('/orgs/org_2', {}), 403)
  t.equal(await status('/absent', {}), 403, 'an absent value does not match an absent claim')
  t.equal(await status('/absent', { org_id: 'org_1' }), 403)
})

t.test('anyOf accepts one guard, allOf needs all, and both nest', async (t) => {
  const { call, status } = await serve(t, {
    '/any': (app) => app.anyOf(app.requiresScope('read:things'), app.requiresRole('owner')),
    '/all': (app) => app.allOf(app.requiresScope('read:things'), app.requiresRole('owner')),
    '/nested': (app) =>
      app.anyOf(
        app.allOf(app.requiresScope('a'), app.anyOf(app.requiresRole('b'), app.requiresRole('c'))),
        app.requiresPermission('d'),
      ),
    '/vacuous': (app) => app.anyOf(app.requiresScope('a'), app.authenticate),
  })
  const scope = 'read:things'
  const roles = ['owner']
  for (const claims of [{ scope }, { roles }, { scope, roles }]) t.equal(await status('/any', claims), 200)
  t.match(await call('/any', {}), { status: 403, code: 'insufficient_role', challenge: null })
  t.equal(await status('/any'), 401)

  t.equal(await status('/all', { scope, roles }), 200)
  t.match(await call('/all', { roles }), { status: 403, code: 'insufficient_scope' })
  t.match(await call('/all', { scope }), { status: 403, code: 'insufficient_role' })

  for (const claims of [{ scope: 'a', roles: ['b'] }, { scope: 'a', roles: ['c'] }, { permissions: ['d'] }])
    t.equal(await status('/nested', claims), 200)
  for (const claims of [{ scope: 'a' }, { roles: ['b', 'c'] }, {}])
    t.match(await call('/nested', claims), { status: 403, code: 'insufficient_permissions' })

  t.equal(await status('/vacuous', {}), 200)
})

t.test('a combination decides before the hooks of the route', async (t) => {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, {
    extend: (app) => {
      const preHandler = app.anyOf(app.requiresScope('a'), app.requiresRole('b'))
      app.get(
        '/things',
        { preHandler, onRequest: async (_, reply) => reply.send('secret') },
        async () => 'ok',
      )
    },
  })
  const get = async (claims: object) =>
    (await fetch(`${app.url}/things`, { headers: bearer(await issuer.sign(claims)) })).text()
  t.match(await get({}), 'insufficient_role')
  t.equal(await get({ roles: ['b'] }), 'secret')
})

t.test('guards that would let any token pass stop the boot', async (t) => {
  const issuer = await TestIssuer.start(t)
  const nothing = [] as unknown as [string]
  const plain = (() => {}) as unknown as TokenGuard
  await listen(t, issuer, {
    extend: (app) => {
      const { requiresScope: scope } = app
      for (const [make, message] of [
        [() => app.requiresAnyScope(...nothing), /^a guard by scope needs the names/],
        [() => app.requiresAnyScope('a', ''), /^a guard by scope needs the names/],
        [() => app.requiresAnyPermission(...nothing), /^a guard by permission needs the names/],
        [() => app.requiresRole(...nothing), /^a guard by role needs the names/],
        [() => app.requiresClaim('/a', ...nothing), /^a guard by claim needs a pointer and the values/],
        [() => app.requiresClaim('/a', undefined as unknown as string), /^a guard by claim needs/],
        [() => app.requiresClaim('', 'a'), /^a guard by claim needs a pointer/],
        [() => app.requiresClaim('org_id', 'a'), /^org_id is not a JSON pointer/],
        [() => app.anyOf(...([] as unknown as [TokenGuard, TokenGuard])), /^app\.anyOf needs at least two/],
        [() => app.anyOf(...([scope('a')] as unknown as [TokenGuard, TokenGuard])), /^app\.anyOf needs/],
        [() => app.anyOf(scope('a'), plain), /^app\.anyOf needs .* guards of access tokens$/],
        [() => app.allOf(scope('a'), app.optionalToken as unknown as TokenGuard), /^app\.allOf needs/],
        [() => app.allOf(scope('a'), app.loadUser as unknown as TokenGuard), /^app\.allOf needs/],
      ] as [() => unknown, RegExp][])
        t.throws(make, { message })
    },
  })
})
