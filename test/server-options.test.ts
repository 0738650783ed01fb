import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { Type } from 'typebox'
import { loadConfig } from '../src/config/index.ts'
import { serverOptions } from '../src/server-options.ts'
import { bearer, buildApp } from './helpers/app.ts'
import { TestIssuer } from './helpers/issuer.ts'

const Thing = Type.Object({ size: Type.Integer(), name: Type.String(), tags: Type.Array(Type.String()) })

function addRoutes(app: FastifyInstance) {
  app.addSchema({ $id: 'Size', type: 'object', properties: { size: { type: 'integer' } } })
  const open = { config: { public: true } }
  app.post('/things', { ...open, schema: { body: Thing } }, async ({ body }) => body)
  app.post('/sizes', { ...open, schema: { body: Type.Ref('Size') } }, async ({ body }) => body)
  app.get('/things', { ...open, schema: { querystring: Thing } }, async ({ query }) => query)
}

t.test('bodies are not coerced, queries are', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t), { extend: addRoutes })
  const post = async (payload: object, url = '/things') =>
    (await app.inject({ method: 'POST', url, payload })).json()
  const good = { size: 5, name: '5', tags: ['a'] }
  t.strictSame(await post(good), good)
  t.match(await post({ size: '5', name: 5, tags: 'a' }), {
    statusCode: 400,
    validation: [{ field: 'size' }, { field: 'name' }, { field: 'tags' }],
  })
  t.strictSame(await post({ size: 5 }, '/sizes'), { size: 5 })
  t.match(await post({ size: '5' }, '/sizes'), { validation: [{ field: 'size' }] }, 'a shared schema too')
  t.strictSame((await app.inject('/things?size=5&name=5&tags=a')).json(), good)
})

t.test('an infinite number in a query is compared with its bounds', async (t) => {
  const querystring = Type.Object({ size: Type.Integer({ minimum: -9, maximum: 9 }) })
  const app = await buildApp(t, await TestIssuer.start(t), {
    extend: (instance) => {
      instance.get(
        '/sizes',
        { config: { public: true }, schema: { querystring } },
        async ({ query }) => query,
      )
    },
  })
  const status = async (size: string) => (await app.inject(`/sizes?size=${size}`)).statusCode
  for (const size of [
    'Infinity',
    '-Infinity',
    '1e999',
    '-1e999',
    '9'.repeat(400),
    'NaN',
    '10',
    '1.5',
    '0.9e1',
  ]) {
    t.equal(await status(size), 400, size)
  }
  for (const size of ['9', '-9']) t.equal(await status(size), 200, size)
})

t.test('only credentials are redacted in logged headers', async (t) => {
  const { log, logLines } = await buildApp(t, await TestIssuer.start(t))
  const headers = { authorization: 'Bearer secret', cookie: 'session=secret', 'set-cookie': 'session=secret' }
  for (const logged of [
    { headers },
    { response: { headers } },
    { err: Object.assign(new Error(), { headers }) },
  ]) {
    log.info({ ...logged, kept: 'kept' })
    t.notMatch(JSON.stringify(logLines.at(-1)), /secret/)
    t.equal(JSON.stringify(logLines.at(-1)).split('[redacted]').length, 4)
    t.match(logLines.at(-1), { kept: 'kept' })
  }
})

t.test('a token never reaches the log, wherever the client puts it, at any level', async (t) => {
  const issuer = await TestIssuer.start(t)
  const token = await issuer.sign({ scope: 'read:messages' })
  const refused = await issuer.sign({ aud: 'https://another.test' })
  const app = await buildApp(t, issuer, { environment: { LOG_LEVEL: 'trace' } })
  const send = async (status: number, url: string, headers: Record<string, string> = {}) =>
    t.equal((await app.inject({ url, headers })).statusCode, status)

  await send(200, '/api/private-scoped', bearer(token))
  await send(200, `/api/public?access_token=${token}`, { ...bearer(token), cookie: `token=${token}` })
  await send(401, `/api/private?access_token=${token}`, { cookie: `token=${token}` })
  await send(404, `/nowhere?access_token=${token}`)
  await send(400, `/%?access_token=${token}`)
  await send(401, '/api/private', bearer(`${token}x`))
  await send(401, '/api/private', bearer(`${token} x`))
  await send(401, '/api/private', { authorization: `Token ${token}` })
  await send(401, '/api/private', bearer(refused))
  await app.close()

  t.match(app.logLines, { length: Number })
  const log = JSON.stringify(app.logLines)
  for (const part of [token, refused].flatMap((jws) => jws.split('.').slice(1))) t.notOk(log.includes(part))
  t.match(log, /another API/, 'the reason for the last rejection is logged')
})

t.test('a logged request has neither query string nor headers', async (t) => {
  const { serializers } = serverOptions(
    loadConfig({ AUTH0_DOMAIN: 'issuer.test', AUTH0_AUDIENCE: 'api' }),
  ).logger
  const request = { method: 'GET', url: '/path?token=secret', ip: '10.0.0.1', headers: { cookie: 'secret' } }
  t.strictSame(serializers.req(request as unknown as Parameters<typeof serializers.req>[0]), {
    method: 'GET',
    path: '/path',
    remoteAddress: '10.0.0.1',
  })
})

t.test('the log is JSON lines, or readable lines on a terminal', async (t) => {
  const config = loadConfig({ AUTH0_DOMAIN: 'issuer.test', AUTH0_AUDIENCE: 'api', LOG_LEVEL: 'error' })
  for (const [isTTY, expected] of [
    [false, undefined],
    [true, { target: 'pino-pretty' }],
  ] as const) {
    t.intercept(process.stdout, 'isTTY', { value: isTTY })
    t.match(
      { transport: undefined, ...serverOptions(config).logger },
      { level: 'error', transport: expected },
    )
  }
})
