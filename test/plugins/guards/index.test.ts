import { once } from 'node:events'
import { cpSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import cors from '@fastify/cors'
import Fastify, {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
  type preHandlerHookHandler,
} from 'fastify'
import t, { type Test } from 'tap'
import { Type } from 'typebox'
import { loadConfig } from '../../../src/config/index.ts'
import { makeGuard } from '../../../src/plugins/guards/guard.ts' // part: web-app
import { type BuildOptions, bearer, buildApp, listen } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

type Extend = (app: FastifyInstance) => void | Promise<void>

const answer = async () => 'ok'

/** Starts the application with the given routes. `get` sends a token with the given claims, or no token. */
async function start(t: Test, extend: Extend) {
  const issuer = await TestIssuer.start(t)
  const app = await buildApp(t, issuer, { extend })
  const get = async (url: string, claims?: object) =>
    app.inject({ url, headers: claims ? bearer(await issuer.sign(claims)) : {} })
  const status = async (url: string, claims?: object) => (await get(url, claims)).statusCode
  return { issuer, app, get, status }
}

/** Returns the error message of the failed boot. */
async function bootError(t: Test, options: BuildOptions): Promise<string> {
  const outcome = await buildApp(t, await TestIssuer.start(t), options).catch((error: Error) => error.message)
  return typeof outcome === 'string' ? outcome : 'it started'
}

t.test('an unguarded route in a route file stops the boot, and the message lists the options', async (t) => {
  const message = await bootError(t, { routes: `${import.meta.dirname}/../../fixtures/unguarded` })
  t.match(message.split('\n'), [
    /^GET \/api\/things does not say who may call it\./,
    /preHandler: app\.authenticate /,
    /preHandler: app\.requiresScope\('/,
    /preHandler: app\.requiresPermission\('/,
    /preHandler: app\.requiresRole\('/,
    /preHandler: app\.requiresClaim\('/,
    /preHandler: app\.anyOf\(/,
    /preHandler: app\.optionalToken /,
    /preHandler: app\.requiresLogin /, // part: web-app
    /config: \{ public: true \}/,
    /^docs\/guards\.md lists all guards$/,
  ])
})

/** Unguarded routes, each with its name in the message. */
const undecided: [circumstance: string, route: string, extend: Extend][] = [
  ['without options', 'GET /a', (app) => void app.get('/a', answer)],
  ['of another method', 'DELETE /a', (app) => void app.delete('/a', answer)],
  [
    'of several methods',
    'PUT, PATCH /a',
    (app) => void app.route({ method: ['PUT', 'PATCH'], url: '/a', handler: answer }),
  ],
  [
    'in a plugin of a plugin',
    'GET /outer/inner/a',
    (app) => {
      const inner: FastifyPluginAsync = async (app) => void app.get('/a', answer)
      app.register(async (app) => void app.register(inner, { prefix: '/inner' }), { prefix: '/outer' })
    },
  ],
  ['that says public: false', 'GET /a', (app) => void app.get('/a', { config: { public: false } }, answer)],
  [
    'with preHandlers that are not guards',
    'GET /a',
    (app) => void app.get('/a', { preHandler: [(_request, _reply, done) => done()] }, answer),
  ],
  [
    'whose guard is wrapped in another function',
    'GET /a',
    (app) => void app.get('/a', { preHandler: (...all) => app.authenticate.apply(app, all) }, answer),
  ],
  [
    'that relies on a hook of its plugin',
    'GET /a',
    (app) => void app.addHook('preHandler', app.authenticate).get('/a', answer),
  ],
  [
    'beside a plugin that is registered as public without await',
    'GET /a',
    (app) => {
      app.registerPublic(async () => {}, {}, ['GET /b'])
      app.get('/a', answer)
    },
  ],
  [
    'after a plugin that was registered as public',
    'GET /a',
    async (app) => {
      await app.registerPublic(async () => {}, {}, ['GET /b'])
      app.get('/a', answer)
    },
  ],
]

for (const [circumstance, route, extend] of undecided) {
  t.test(`a route ${circumstance} stops the boot`, async (t) => {
    const message = await bootError(t, { extend })
    t.ok(message.startsWith(`${route} does not say who may call it. Give`), message)
  })
}

t.test('a route of a third-party plugin stops the boot', async (t) => {
  const message = await bootError(t, {
    extend: (app) => void app.register(async (app) => cors(app, {}, () => {})),
  })
  t.match(message, /^OPTIONS \* does not say/)
})

t.test('a route that is both guarded and public stops the boot', async (t) => {
  const message = await bootError(t, {
    extend: (app) => void app.get('/a', { preHandler: app.authenticate, config: { public: true } }, answer),
  })
  t.match(message, /^GET \/a has a guard and is marked public\. Give/)
})

t.test('a route that loads its user but verifies no token stops the boot', async (t) => {
  for (const [options, message] of [
    [{ config: { public: true } }, /^GET \/a has app\.loadUser, which needs a guard of access tokens\. Give/],
    [{}, /^GET \/a does not say who may call it\. Give/],
  ] as const) {
    const extend = (app: FastifyInstance) =>
      void app.get('/a', { ...options, preHandler: [app.loadUser] }, answer)
    t.match(await bootError(t, { extend }), message)
  }
  // part: web-app
  const ofSession = makeGuard({ kind: 'session', required: [] }, (_request, _reply, done) => done())
  const onPage = (app: FastifyInstance) =>
    void app.get('/a', { preHandler: [ofSession, app.loadUser] }, answer)
  const message = await bootError(t, { extend: onPage })
  t.match(message, /^GET \/a has app\.loadUser, which needs/)
  // end
})

t.test('a guard is enforced on every kind of route', async (t) => {
  const { status } = await start(t, async (app) => {
    const { authenticate } = app
    app.get('/alone', { preHandler: authenticate }, answer)
    app.get('/in-a-list', { preHandler: [(_request, _reply, done) => done(), authenticate] }, answer)
    app.route({
      method: ['GET', 'POST'],
      url: '/of-several-methods',
      preHandler: authenticate,
      handler: answer,
    })
    await app.register(async (app) => void app.get('/in-a-plugin', { preHandler: authenticate }, answer), {
      prefix: '/deep',
    })
  })
  for (const url of ['/alone', '/in-a-list', '/of-several-methods', '/deep/in-a-plugin']) {
    t.equal(await status(url), 401, url)
    t.equal(await status(url, {}), 200, url)
  }
})

t.test('every required scope is needed, and a malformed claim grants none', async (t) => {
  const { get } = await start(t, (app) => {
    app.get('/things', { preHandler: app.requiresScope('read:things', 'write:things') }, answer)
  })
  for (const scope of [
    'read:things write:things',
    'write:things openid read:things',
    '  read:things  write:things ',
    ['write:things', 'read:things'],
  ]) {
    t.equal((await get('/things', { scope })).statusCode, 200, String(scope))
  }
  for (const scope of [
    null,
    7,
    true,
    {},
    { 'read:things': true, 'write:things': true },
    ['read:things write:things'],
    '',
    'read:things',
    'read:things write:thing',
    'read:things write:things2',
    'read:things,write:things',
    'READ:THINGS WRITE:THINGS',
    'read:things\twrite:things',
  ]) {
    const { statusCode, headers, json } = await get('/things', {
      scope,
      scp: 'read:things write:things',
      permissions: ['read:things', 'write:things'],
    })
    t.equal(statusCode, 403, JSON.stringify(scope))
    t.match(json(), { code: 'insufficient_scope', message: "You don't have access to this resource" })
    t.match(
      headers['www-authenticate'],
      /error="insufficient_scope".*, scope="read:things write:things", resource_metadata="[^"]+"$/,
    )
  }
})

t.test('every required permission is needed, and a malformed claim grants none', async (t) => {
  const { get } = await start(t, (app) => {
    app.get('/things', { preHandler: app.requiresPermission('read:things', 'write:things') }, answer)
  })
  for (const permissions of [
    ['read:things', 'write:things'],
    ['write:things', null, 7, 'read:things', {}],
  ]) {
    t.equal((await get('/things', { permissions })).statusCode, 200, JSON.stringify(permissions))
  }
  for (const permissions of [
    undefined,
    null,
    7,
    {},
    { 0: 'read:things', 1: 'write:things', length: 2 },
    'read:things write:things',
    [],
    ['read:things'],
    ['read:things write:things'],
    [['read:things', 'write:things']],
  ]) {
    const { statusCode, headers, json } = await get('/things', {
      permissions,
      scope: 'read:things write:things',
    })
    t.equal(statusCode, 403, JSON.stringify(permissions))
    t.match(json(), { code: 'insufficient_permissions', message: 'Permission denied' })
    t.match(
      headers['www-authenticate'],
      /error="insufficient_scope".*, scope="read:things write:things", resource_metadata="[^"]+"$/,
    )
  }
})

t.test('a request must pass all guards of a route', async (t) => {
  const { status } = await start(t, (app) => {
    const preHandler = [app.requiresScope('read:things'), app.requiresPermission('read:secrets')]
    app.get('/things', { preHandler }, answer)
  })
  const scope = 'read:things'
  const permissions = ['read:secrets']
  t.equal(await status('/things', { scope, permissions }), 200)
  t.equal(await status('/things', { scope }), 403)
  t.equal(await status('/things', { permissions }), 403)
  t.equal(await status('/things'), 401)
})

t.test('HEAD is guarded like GET, and both verify the token once', async (t) => {
  const hooks: [method: string | string[], url: string, verifications: number][] = []
  const { app, issuer } = await start(t, (app) => {
    app.addHook('onRoute', ({ method, url, onRequest }) => {
      hooks.push([method, url, [onRequest].flat().filter((hook) => hook === app.verifyToken).length])
    })
    app.get('/things', { preHandler: app.requiresScope('read:things') }, answer)
  })
  const head = async (claims: object) =>
    (await app.inject({ method: 'HEAD', url: '/things', headers: bearer(await issuer.sign(claims)) }))
      .statusCode
  t.equal((await app.inject({ method: 'HEAD', url: '/things' })).statusCode, 401)
  t.equal(await head({}), 403)
  t.equal(await head({ scope: 'read:things' }), 200)
  t.strictSame(hooks, [
    ['GET', '/things', 1],
    ['HEAD', '/things', 1],
  ])
})

t.test('an unauthorized request is rejected before its body is read', async (t) => {
  const issuer = await TestIssuer.start(t)
  let bodiesRead = 0
  const app = await listen(t, issuer, {
    extend: (app) => {
      app.addHook('preParsing', async () => void bodiesRead++)
      const schema = { body: Type.Object({ title: Type.String() }) }
      app.post('/things', { preHandler: app.requiresScope('write:things'), schema }, answer)
    },
  })
  const token = bearer(await issuer.sign({ scope: 'write:things' }))
  const post = async (body: string, headers: Record<string, string>) =>
    fetch(`${app.url}/things`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
  for (const body of ['{"title":{}}', '{}', 'no JSON', '{"title":"good"}']) {
    t.equal((await post(body, {})).status, 401)
    t.equal((await post(body, bearer('invalidToken'))).status, 401)
  }
  // The body of this request never arrives
  const headers = { 'content-type': 'application/json', 'content-length': 9 }
  const unfinished = request(`${app.url}/things`, { method: 'POST', headers })
  unfinished.on('error', () => {}).flushHeaders()
  const [response] = (await once(unfinished, 'response')) as [IncomingMessage]
  t.equal(response.statusCode, 401)
  unfinished.destroy()
  t.equal(bodiesRead, 0)

  t.equal((await post('{"title":{}}', token)).status, 400)
  t.equal((await post('no JSON', token)).status, 400)
  t.equal((await post('{"title":"good"}', token)).status, 200)
  t.equal((await post('{"title":"good"}', bearer(await issuer.sign()))).status, 403)
  t.equal(bodiesRead, 3, 'insufficient tokens are rejected before the body is read')
})

t.test('a guard decides before any other hook can send a response', async (t) => {
  const secret = async (_request: FastifyRequest, reply: FastifyReply) => reply.send('secret')
  const { status, get } = await start(t, async (app) => {
    const guard = app.requiresScope('read:things')
    for (const hook of ['onRequest', 'preParsing', 'preValidation'] as const)
      app.get(`/${hook}`, { preHandler: guard, [hook]: secret }, answer)
    app.get('/second', { preHandler: [secret, guard] }, answer)
    await app.register(async (scope) => {
      for (const hook of ['preParsing', 'preValidation', 'preHandler'] as const) scope.addHook(hook, secret)
      scope.get('/scope', { preHandler: guard }, answer)
    })
  })
  for (const url of ['/onRequest', '/preParsing', '/preValidation', '/second', '/scope']) {
    t.equal(await status(url), 401, url)
    t.equal(await status(url, {}), 403, url)
    t.equal((await get(url, { scope: 'read:things' })).body, 'secret', url)
  }
})

t.test('a response that a hook sends before the guard is replaced by an error', async (t) => {
  const issuer = await TestIssuer.start(t)
  const app = await buildApp(t, issuer, {
    expectsErrors: true,
    extend: (app) =>
      void app.register(async (scope) => {
        scope.addHook('onRequest', async (_request, reply) => reply.send('secret'))
        scope.get('/guarded', { preHandler: app.authenticate }, answer)
        scope.get('/open', { config: { public: true } }, answer)
      }),
  })
  for (const headers of [{}, bearer(await issuer.sign())]) {
    const response = await app.inject({ url: '/guarded', headers })
    t.equal(response.statusCode, 500)
    t.notMatch(response.body, /secret/)
  }
  t.equal((await app.inject('/open')).body, 'secret')
})

t.test('a scope or permission guard without names stops the boot', async (t) => {
  const none = [] as unknown as [string]
  const extend = (make: (app: FastifyInstance) => preHandlerHookHandler) => (app: FastifyInstance) =>
    void app.get('/a', { preHandler: make(app) }, answer)
  for (const [kind, make] of [
    ['scope', (app) => app.requiresScope(...none)],
    ['scope', (app) => app.requiresScope('')],
    ['scope', (app) => app.requiresScope('read:things', undefined as unknown as string)],
    ['permission', (app) => app.requiresPermission(...none)],
  ] as const satisfies [string, (app: FastifyInstance) => preHandlerHookHandler][]) {
    t.equal(
      await bootError(t, { extend: extend(make) }),
      `a guard by ${kind} needs the names that it requires`,
    )
  }
})

t.test('a hook that removes the guard of a route stops the boot', async (t) => {
  for (const hook of ['onRequest', 'preHandler'] as const) {
    const message = await bootError(t, {
      extend: (app) => {
        app.addHook('onRoute', (route) => {
          if (route.url === '/a') delete route[hook]
        })
        app.get('/a', { preHandler: app.authenticate }, answer)
      },
    })
    t.equal(message, 'GET /a has lost its guard: another onRoute hook replaced it')
  }
})

t.test('an unguarded route in a plugin file stops the boot, whatever the order of loading', async (t) => {
  const root = join(import.meta.dirname, '../../..')
  const issuer = await TestIssuer.start(t)
  for (const name of ['aaa', 'zzz']) {
    const copy = t.testdir()
    for (const part of ['src', 'package.json'])
      cpSync(join(root, part), join(copy, part), { recursive: true })
    writeFileSync(
      join(copy, `src/plugins/${name}.ts`),
      `import fp from 'fastify-plugin'
       export default fp(async (app) => void app.get('/internal/dump', async () => 'secret'), { name: '${name}' })`,
    )
    const { app } = await import(join(copy, 'src/app.ts'))
    const config = loadConfig({
      AUTH0_DOMAIN: issuer.url,
      AUTH0_AUDIENCE: 'api',
      DATABASE_URL: 'file::memory:',
    })
    const instance = Fastify()
    t.teardown(() => instance.close())
    await t.rejects(async () => instance.register(app, { config }).ready(), {
      message: /^GET \/internal\/dump does not say who may call it/,
    })
  }
})

t.test('the routes of a plugin that is registered as public need no token', async (t) => {
  const { app, status } = await start(t, async (app) => {
    const plugin: FastifyPluginAsync<{ greeting: string }> = async (app, { greeting }) => {
      app.get('/greeting', async () => greeting)
      await app.register(async (app) => void app.get('/inner', answer), { prefix: '/deep' })
    }
    await app.registerPublic(plugin, { greeting: 'hello' }, ['GET /greeting', 'GET /deep/inner'])
    app.get('/guarded', { preHandler: app.authenticate }, answer)
  })
  t.equal((await app.inject('/greeting')).body, 'hello')
  t.equal(await status('/deep/inner'), 200)
  t.equal(await status('/guarded'), 401)
})

t.test('a guard in another hook rejects every request', async (t) => {
  const { status } = await start(t, (app) => {
    const guard = app.requiresScope('read:things')
    for (const hook of ['onRequest', 'preValidation'] as const) {
      app.get(`/${hook}`, { config: { public: true }, [hook]: app.authenticate }, answer)
    }
    app.get('/by-scope', { config: { public: true }, preValidation: guard }, answer)
    app.get('/right', { preHandler: guard }, answer)
  })
  for (const url of ['/onRequest', '/preValidation', '/by-scope']) {
    t.equal(await status(url), 401, url)
    t.equal(await status(url, { scope: 'read:things' }), 401, url)
  }
  t.equal(await status('/right', { scope: 'read:things' }), 200)
})

t.test('the route table lists every route with its guards', async (t) => {
  const issuer = await TestIssuer.start(t)
  const app = await buildApp(t, issuer, {
    environment: { CLIENT_ORIGIN_URL: 'https://app.example', RATE_LIMIT_MAX: '10' },
  })
  const listed = app.routeTable.map(({ method, path }) => `${method} ${path}`)
  t.strictSame(listed.sort(), routesOf(app).sort())
  t.equal(new Set(listed).size, listed.length)
  const guardsAt = (path: string) =>
    app.routeTable.filter((route) => route.path === path).map(({ guards }) => guards)
  for (const [path, guards] of [
    ['/livez', []],
    ['/api/private', [{ kind: 'token', required: [] }]],
    ['/api/private-scoped', [{ kind: 'scope', required: ['read:messages'] }]],
    ['/api/messages/admin', [{ kind: 'permission', required: ['read:admin-messages'] }]],
  ] as const) {
    t.strictSame(guardsAt(path), [guards, guards], `${path}: GET and HEAD`)
  }
})

/** Parses the route tree that Fastify prints. */
function routesOf(app: FastifyInstance): string[] {
  const parts: string[] = []
  const routes: string[] = []
  for (const line of app.printRoutes().trimEnd().split('\n')) {
    const [, indent = '', part = '', methods] = /^([│ ]*)[├└]── (\S+)(?: \((.+)\))?$/.exec(line) ?? []
    parts.splice(indent.length / 4, Infinity, part)
    routes.push(...(methods?.split(', ') ?? []).map((method) => `${method} ${parts.join('')}`))
  }
  return routes
}
