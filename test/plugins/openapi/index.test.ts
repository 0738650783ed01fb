import t, { type Test } from 'tap'
import { Type } from 'typebox'
import { scopesOf } from '../../../src/plugins/guards/index.ts'
import { type BuildOptions, buildApp } from '../../helpers/app.ts'
import { moveClock } from '../../helpers/clock.ts'
import { AUDIENCE, TestIssuer } from '../../helpers/issuer.ts'

type Json = Record<string, unknown>

interface Operation {
  security: Record<string, string[]>[]
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string }; examples?: object }> }>
  parameters?: { in: string }[]
  requestBody?: object
}

interface Document {
  openapi: string
  info: Json
  paths: Record<string, Record<string, Operation>>
  components: { securitySchemes: { issuer: Json; token: Json } }
}

async function start(t: Test, issuer: TestIssuer, options: BuildOptions = {}) {
  const app = await buildApp(t, issuer, options)
  return { app, read: async () => (await app.inject('/openapi.json')).json() as Document }
}

/** Error statuses of each kind of guard. */
const refusals: Record<string, number[]> = {
  none: [],
  token: [401],
  scope: [401, 403],
  permission: [401, 403],
}

/** Schemes of tokens, in the order of the document. */
const tokens = [{ token: [] }, { dpop: [] }]

/** The scheme that says how to get a token. */
const issuerScheme = (document: Document) => document.components.securitySchemes.issuer

t.test('the document is OpenAPI 3.1, and every reference resolves', async (t) => {
  const { read } = await start(t, await TestIssuer.start(t))
  const document = await read()
  t.match(document, { openapi: /^3\.1\.\d$/, info: { title: 'Gatehouse', version: /^\d+\.\d+\.\d+$/ } })
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, reference = '']) => reference,
  )
  t.ok(references.length > 0)
  for (const reference of new Set(references)) {
    const [root, ...path] = reference.split('/')
    t.equal(root, '#')
    t.ok(
      path.reduce((node, name) => node?.[name] as Json, document as unknown as Json),
      reference,
    )
  }
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    t.match(operation, { tags: [String], summary: /^\S/ })
    const success = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'))
    t.ok(success.length > 0)
    for (const [status, { content = {} }] of success) {
      const types = Object.keys(content).join() // none if the route does not declare the body
      t.match(types, status === '204' ? /^$/ : /^(application\/json)?$/)
    }
    for (const scheme of operation.security.flatMap((requirement) => Object.keys(requirement))) {
      t.ok(scheme in document.components.securitySchemes, scheme)
    }
  }
})

t.test('every operation documents its guard and the error responses of that guard', async (t) => {
  const { app, read } = await start(t, await TestIssuer.start(t), {
    extend: (app) => {
      const schema = { params: Type.Object({ id: Type.String() }), body: Type.Object({}) }
      app.put(
        '/things/:id',
        { preHandler: app.requiresScope('write:things', 'read:things'), schema },
        async () => 'ok',
      )
    },
  })
  const { paths } = await read()
  const visible = app.routeTable.filter(
    ({ method, path }) => method !== 'HEAD' && !/^\/(docs|openapi)/.test(path),
  )
  const operations = Object.values(paths).flatMap((path) => Object.keys(path))
  t.equal(operations.length, visible.length)
  for (const { method, path, guards } of visible) {
    const operation = paths[path.replace(/:(\w+)/, '{$1}')]?.[method.toLowerCase()] as Operation
    const kind = guards[0]?.kind ?? 'none'
    const required = guards.flatMap((guard) => guard.required)
    t.strictSame(operation.security, kind === 'none' ? [] : [...tokens, { issuer: required }], path)
    const errors = Object.entries(operation.responses).filter(
      ([, { content }]) => content?.['application/json']?.schema.$ref === '#/components/schemas/Error',
    )
    const takes = (place: string) => operation.parameters?.some((parameter) => parameter.in === place)
    const isProbe = ['/livez', '/readyz'].includes(path)
    const expected = [
      ...[400, ...(refusals[kind] ?? []), ...(takes('path') ? [404] : [])],
      ...(method === 'GET' ? [] : [413, 415]),
      ...(isProbe ? [] : [429, 503]),
    ]
    t.strictSame(
      errors.map(([status]) => status).filter((status) => status !== '409'), // of the handler
      [...expected.map(String), 'default'],
      `${method} ${path}`,
    )
  }
})

t.test(
  'alternatives are several security requirements, and an optional token is one without a scheme',
  async (t) => {
    const { read } = await start(t, await TestIssuer.start(t), {
      extend: (app) => {
        const scopeOrRole = app.anyOf(app.requiresScope('read:things'), app.requiresRole('owner'))
        const isOwner = async () => true
        app.get('/any', { preHandler: app.requiresAnyScope('read:things', 'write:things') }, async () => 'ok')
        app.get('/role', { preHandler: [scopeOrRole, app.requiresPermission('p')] }, async () => 'ok')
        app.get('/optional', { preHandler: app.optionalToken }, async () => 'ok')
        app.get('/decided', { preHandler: [app.authenticate, app.authorize(isOwner)] }, async () => 'ok')
        app.get('/decided/:id', { preHandler: [app.authenticate, app.authorize(isOwner)] }, async () => 'ok')
      },
    })
    const { paths, components } = await read()
    const operation = (path: string) => paths[path]?.get as Operation
    const statuses = (path: string) =>
      Object.keys(operation(path).responses).filter((status) => ['401', '403', '404'].includes(status))
    t.strictSame(operation('/any').security, [
      ...tokens,
      { issuer: ['read:things'] },
      { issuer: ['write:things'] },
    ])
    t.strictSame(operation('/role').security, [
      ...tokens,
      { issuer: ['read:things', 'p'] },
      { issuer: ['p'] },
    ])
    t.strictSame(operation('/optional').security, [{}, ...tokens, { issuer: [] }])
    t.strictSame(statuses('/optional'), ['401'])
    t.strictSame(statuses('/decided'), ['401', '403'])
    t.strictSame(statuses('/decided/{id}'), ['401', '404'])
    t.match(operation('/role').responses['403'], {
      description: 'Not granted: (scope read:things or role owner) and permission p',
    })
    t.match(operation('/decided').responses['403'], {
      description: 'Not granted: a valid token and authorization by isOwner',
    })
    t.match(components.securitySchemes.issuer, {
      flows: { password: { scopes: { 'write:things': '', p: '' } } },
    })
    t.notMatch(JSON.stringify(components.securitySchemes), 'owner')
  },
)

t.test('the document has the schemes of tokens that the service accepts', async (t) => {
  for (const [DPOP, schemes] of [
    ['disabled', ['token']],
    ['allowed', ['token', 'dpop']],
    ['required', ['dpop']],
  ] as const) {
    const { read } = await start(t, await TestIssuer.start(t), { environment: { DPOP } })
    const { paths, components } = await read()
    t.strictSame(Object.keys(components.securitySchemes), [...schemes, 'issuer'])
    t.strictSame(paths['/api/private']?.get?.security, [
      ...schemes.map((name) => ({ [name]: [] })),
      { issuer: [] },
    ])
    t.strictSame(paths['/api/public']?.get?.security, [])
  }
})

t.test(
  'the OAuth flows come from the discovery document, with the audience that Auth0 requires',
  async (t) => {
    const issuer = await TestIssuer.start(t)
    const { app, read } = await start(t, issuer)
    const document = await read()
    const tokenUrl = `${issuer.url}oauth/token`
    const names = ['openid', ...app.routeTable.flatMap(({ guards }) => scopesOf(guards))]
    t.ok(names.includes('read:messages'))
    const scopes = Object.fromEntries(names.map((name) => [name, '']))
    t.strictSame(document.components.securitySchemes, {
      token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      dpop: {
        type: 'http',
        scheme: 'dpop',
        bearerFormat: 'JWT',
        description: 'Access token that is bound to a key, with a proof in the header `DPoP` (RFC 9449)',
      },
      issuer: {
        type: 'oauth2',
        flows: {
          authorizationCode: {
            authorizationUrl: `${issuer.url}authorize?${new URLSearchParams({ audience: AUDIENCE })}`,
            tokenUrl,
            scopes,
          },
          clientCredentials: { tokenUrl, scopes },
          password: { tokenUrl, scopes },
        },
      },
    })
  },
)

t.test('the document names BASE_URL if it is set, and nothing from the request', async (t) => {
  const issuer = await TestIssuer.start(t)
  const headers = {
    host: 'inner.test:3000',
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-host': 'evil.test',
    'x-forwarded-proto': 'https',
  }
  const read = async (environment: Record<string, string>) => {
    const app = await buildApp(t, issuer, { environment: { TRUST_PROXY: '1', ...environment } })
    const { body } = await app.inject({ url: '/openapi.json', headers })
    t.notMatch(body, /inner\.test|evil\.test/)
    return JSON.parse(body).servers
  }
  t.strictSame(await read({}), [{ url: '/' }])
  t.strictSame(await read({ BASE_URL: 'https://api.test' }), [{ url: 'https://api.test' }])
  t.strictSame(await read({ PUBLIC_URL: 'https://api.test/v1' }), [{ url: 'https://api.test/v1' }])
})

t.test('the document has everything that a generator needs', async (t) => {
  const { read } = await start(t, await TestIssuer.start(t))
  const { info, tags, paths, components } = (await read()) as unknown as {
    info: Json
    tags: { name: string; description: string }[]
    paths: Record<string, Record<string, Operation & Record<string, unknown>>>
    components: Record<string, Record<string, Json>>
  }
  t.match(info, { license: { identifier: 'MIT' }, description: /WWW-Authenticate/ })
  const operations = Object.values(paths).flatMap((path) => Object.values(path))
  const names = operations.map(({ operationId }) => operationId)
  t.equal(new Set(names).size, names.length)
  for (const operation of operations) {
    t.match(operation, { operationId: /^[a-z]+[A-Z]\w+$/, description: /\.$/ })
    for (const tag of operation.tags as string[]) t.ok(tags.some(({ name }) => name === tag))
  }
  for (const name of ['Caller', 'Error', 'Greeting', 'Home', 'Liveness', 'Message', 'NewUser'])
    t.ok(components.schemas?.[name], name)
  for (const name of ['Readiness', 'User']) t.ok(components.schemas?.[name], name)
  t.match(components.examples?.missing_token, { value: { statusCode: 401, code: 'missing_token' } })
  t.match(components.examples?.validation_failed, { value: { validation: [{ field: 'limit' }] } })
  const order = ['greetings', 'caller', 'messages', 'users', 'health', 'service']
  t.strictSame(
    tags.map(({ name }) => name).filter((name) => order.includes(name)),
    order,
  )
  t.match(components.schemas?.Error, { properties: { code: { enum: ['bad_request', 'body_too_large'] } } })
  t.match(paths['/api/users/{id}']?.get?.parameters, [
    { in: 'path', name: 'id', schema: { type: 'integer' } },
  ])
  t.match(paths['/api/users']?.post, {
    requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/NewUser' } } } },
    responses: {
      201: { headers: { Location: {}, 'X-Request-Id': {} } },
      401: {
        headers: { 'WWW-Authenticate': {} },
        content: {
          'application/json': {
            examples: { missing_token: { $ref: '#/components/examples/missing_token' }, invalid_token_2: {} },
          },
        },
      },
      429: { headers: { 'Retry-After': {}, 'X-RateLimit-Reset': {} } },
    },
  })
  t.match(paths['/api/users']?.get?.responses, {
    200: { description: 'A page of users', headers: { Link: {} } },
  })
})

t.test(
  'a route without documentation gets an operation ID, a tag, a summary, a description and the phrase of its status',
  async (t) => {
    const { read } = await start(t, await TestIssuer.start(t), {
      extend: (app) => {
        const response = { 200: Type.Object({ title: Type.String() }) }
        app.get('/things/:id/parts', { preHandler: app.authenticate, schema: { response } }, async () => ({}))
        const recent = app.requiresAuthentication({ maxAgeSeconds: 300 })
        app.get('/recent', { preHandler: recent, schema: { response } }, async () => ({}))
        app.route({
          method: ['PUT', 'POST'],
          url: '/both',
          config: { public: true },
          schema: { body: Type.Object({}) },
          handler: async () => 'ok',
        })
        app.get('/api/parts', { config: { public: true } }, async () => ({}))
        app.get('/:x', { config: { public: true } }, async () => ({}))
        app.get('/hidden', { preHandler: app.authenticate, schema: { hide: true } }, async () => ({}))
      },
    })
    const { paths, tags } = (await read()) as Document & { tags: { name: string; description: string }[] }
    t.match(paths['/things/{id}/parts']?.get, {
      operationId: 'getThingsIdParts',
      tags: ['things'],
      summary: 'GET /things/:id/parts',
      description: 'Callers: a valid token.',
      responses: { 200: { description: 'OK' } },
    })
    t.match(paths['/api/parts']?.get, { tags: ['parts'], description: 'Callers: anyone.' })
    t.match(paths['/{x}']?.get, { tags: ['service'] })
    t.ok(tags.some(({ name, description }) => name === 'parts' && description === 'Routes of parts.'))
    const codesOf401 = (path: string) =>
      Object.keys(paths[path]?.get?.responses[401]?.content?.['application/json']?.examples ?? {})
    t.ok(codesOf401('/recent').includes('insufficient_user_authentication'))
    t.notOk(codesOf401('/things/{id}/parts').includes('insufficient_user_authentication'))
    t.match(paths['/both'], {
      put: { operationId: 'putBoth', responses: { 413: {} } },
      post: { operationId: 'postBoth', responses: { 413: {} } },
    })
    t.notOk('/hidden' in paths)
  },
)

t.test(
  'without the issuer the document is served, and the issuer is not asked again during the cooldown',
  async (t) => {
    const clock = moveClock(t)
    const now = Date.now()
    clock.stopAt(now)
    const issuer = await TestIssuer.start(t)
    let visits = 0
    issuer.misbehaviour = (_request, response) => {
      visits++
      response.writeHead(500).end('secret')
    }
    const { app, read } = await start(t, issuer)
    const pointer = {
      type: 'openIdConnect',
      openIdConnectUrl: `${issuer.url}.well-known/openid-configuration`,
    }

    const [first, second] = await Promise.all([read(), read()])
    t.strictSame(issuerScheme(first), pointer)
    t.strictSame(first, second)
    t.strictSame(await read(), first)
    t.equal(visits, 1)
    t.notMatch(JSON.stringify(first), /secret/)
    t.match(app.logLines.filter(({ level }) => level === 40)[0], {
      issuer: issuer.url,
      err: { message: / answered 500$/ },
    })

    issuer.misbehaviour = undefined
    clock.stopAt(now + 4_999)
    t.strictSame(issuerScheme(await read()), pointer, 'not yet')
    clock.stopAt(now + 5_000)
    t.match(issuerScheme(await read()), { type: 'oauth2' })
    await issuer.stop()
    t.match(issuerScheme(await read()), { type: 'oauth2' }, 'the document is cached')
  },
)

t.test('the document is compressed and revalidated by its ETag, also across origins', async (t) => {
  const origin = 'http://a.test'
  const { app } = await start(t, await TestIssuer.start(t), { environment: { CLIENT_ORIGIN_URL: origin } })
  const read = (headers: Record<string, string>) => app.inject({ url: '/openapi.json', headers })
  const first = await read({ origin, 'accept-encoding': 'br' })
  t.match(first.headers, {
    'content-type': 'application/json; charset=utf-8',
    'content-encoding': 'br',
    'cache-control': 'no-cache',
    vary: 'Origin, Accept-Encoding',
    'access-control-allow-origin': origin,
  })
  const plain = await read({})
  t.ok(Number(first.headers['content-length']) < plain.rawPayload.length / 5)
  t.equal((await read({ 'if-none-match': String(plain.headers.etag) })).statusCode, 304)
})

t.test('a discovery document with another issuer is ignored', async (t) => {
  const issuer = await TestIssuer.start(t)
  issuer.discovery = { issuer: 'https://evil.test/', token_endpoint: 'https://evil.test/token' }
  const { read } = await start(t, issuer)
  const document = await read()
  t.match(issuerScheme(document), { type: 'openIdConnect' })
  t.notMatch(JSON.stringify(document), /evil/)
})
