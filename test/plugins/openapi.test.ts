import t, { type Test } from 'tap'
import { Type } from 'typebox'
import { type BuildOptions, buildApp } from '../helpers/app.ts'
import { moveClock } from '../helpers/clock.ts'
import { AUDIENCE, TestIssuer } from '../helpers/issuer.ts'

type Json = Record<string, unknown>

interface Operation {
  security: Record<string, string[]>[]
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>
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
const refusals = {
  none: [],
  token: [401, 503],
  scope: [401, 403, 503],
  permission: [401, 403, 503],
  session: [],
}

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
    for (const [status, { content }] of success) t.ok(content?.['application/json'] || status === '204')
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
    t.strictSame(operation.security, kind === 'none' ? [] : [{ issuer: required }, { token: [] }], path)
    const errors = Object.entries(operation.responses).filter(
      ([, { content }]) => content?.['application/json']?.schema.$ref === '#/components/schemas/Error',
    )
    const takes = (place: string) => operation.parameters?.some((parameter) => parameter.in === place)
    const invalid = operation.requestBody || takes('query') ? [400] : []
    const missing = takes('path') ? [404] : []
    t.strictSame(
      errors.map(([status]) => Number(status)),
      [...invalid, ...refusals[kind], ...missing].sort(),
      `${method} ${path}`,
    )
  }
})

t.test(
  'the OAuth flows come from the discovery document, with the audience that Auth0 requires',
  async (t) => {
    const issuer = await TestIssuer.start(t)
    const { read } = await start(t, issuer)
    const document = await read()
    const tokenUrl = `${issuer.url}oauth/token`
    const scopes = {
      openid: '',
      'read:messages': '',
      'read:admin-messages': '',
      'read:users': '',
      'create:users': '',
      'delete:users': '',
    }
    const common = {
      tokenUrl,
      scopes,
      'x-scalar-credentials-location': 'body',
      'x-scalar-security-body': { audience: AUDIENCE },
    }
    t.strictSame(document.components.securitySchemes, {
      token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      issuer: {
        type: 'oauth2',
        flows: {
          authorizationCode: {
            ...common,
            authorizationUrl: `${issuer.url}authorize?${new URLSearchParams({ audience: AUDIENCE })}`,
            'x-usePkce': 'SHA-256',
          },
          clientCredentials: common,
          password: common,
        },
      },
    })
  },
)

t.test('the document names the address of the request as its server', async (t) => {
  const { app } = await start(t, await TestIssuer.start(t), { environment: { TRUST_PROXY: '1' } })
  const servers = async (headers: Record<string, string>) =>
    (await app.inject({ url: '/openapi.json', headers })).json().servers
  t.strictSame(await servers({ host: 'inner.test:3000' }), [{ url: 'http://inner.test:3000' }])
  const forwarded = {
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-host': 'api.test',
    'x-forwarded-proto': 'https',
  }
  t.strictSame(await servers(forwarded), [{ url: 'https://api.test' }])
})

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

t.test('a discovery document with another issuer is ignored', async (t) => {
  const issuer = await TestIssuer.start(t)
  issuer.discovery = { issuer: 'https://evil.test/', token_endpoint: 'https://evil.test/token' }
  const { read } = await start(t, issuer)
  const document = await read()
  t.match(issuerScheme(document), { type: 'openIdConnect' })
  t.notMatch(JSON.stringify(document), /evil/)
})
