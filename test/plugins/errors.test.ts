import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { Type } from 'typebox'
import { ServiceError } from '../../src/errors/catalogue.ts'
import { challenge, tokenErrors } from '../../src/plugins/auth/errors.ts'
import { guardErrors } from '../../src/plugins/guards/errors.ts'
import { type BuildOptions, buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

const open = { config: { public: true } }
const internalError = {
  statusCode: 500,
  code: 'internal_error',
  error: 'Internal Server Error',
  message: 'Internal Server Error',
}

async function start(t: Test, extend: (app: FastifyInstance) => void, options: BuildOptions = {}) {
  return buildApp(t, await TestIssuer.start(t), { extend, ...options })
}

/** A route that throws it, asked once. */
async function thrown(t: Test, what: unknown, options: BuildOptions = {}) {
  const throwIt = async () => {
    throw what
  }
  const app = await start(t, (app) => app.get('/throws', open, throwIt), options)
  const answer = await app.inject('/throws')
  const log = app.logLines.find(({ msg }) => msg.startsWith('request '))
  return { body: answer.json(), headers: answer.headers, status: answer.statusCode, log }
}

t.test('the response to an invalid request names every field that is not valid', async (t) => {
  const Thing = Type.Object({
    title: Type.String({ minLength: 1 }),
    place: Type.Object({ town: Type.String(), floors: Type.Array(Type.Integer()) }),
  })
  const app = await start(t, (app) => {
    app.post('/things', { ...open, schema: { body: Thing } }, async () => 'ok')
    const schema = {
      querystring: Type.Object({
        limit: Type.Integer({ maximum: 100 }),
        cursor: Type.Optional(Type.Integer()),
      }),
      params: Type.Object({ id: Type.Integer() }),
      headers: Type.Object({ 'x-version': Type.Optional(Type.Integer()) }),
    }
    app.get('/things/:id', { ...open, schema }, async () => 'ok')
  })
  const post = (payload: unknown) =>
    app.inject({ method: 'POST', url: '/things', payload: payload as object })
  const get = (url: string, headers = {}) => app.inject({ url, headers })
  const good = { title: 'water the plants', place: { town: 'Bonn', floors: [1, 2] } }

  t.equal((await post(good)).statusCode, 200)
  t.equal((await get('/things/7?limit=100', { 'x-version': '2' })).statusCode, 200)
  for (const [answer, expected] of [
    [await post({}), { title: /required/, place: /required/ }],
    [await post({ ...good, title: '' }), { title: /fewer than 1/ }],
    [
      await post({ title: {}, place: {} }),
      { title: /string/, 'place.town': /required/, 'place.floors': /required/ },
    ],
    [
      await post({ ...good, place: { town: 'Bonn', floors: [1, 'x', 2.5] } }),
      { 'place.floors.1': /integer/, 'place.floors.2': /integer/ },
    ],
    [await post(['a list']), { body: /object/ }],
    [await get('/things/7'), { limit: /required/ }],
    [await get('/things/7?limit=101&cursor=x'), { limit: /<= 100/, cursor: /integer/ }],
    [await get('/things/7?limit=1', { 'x-version': 'x' }), { 'x-version': /integer/ }],
  ] as const) {
    const { validation, ...body } = answer.json()
    t.strictSame(body, {
      statusCode: 400,
      code: 'validation_failed',
      error: 'Bad Request',
      message: 'The request is not valid',
    })
    t.match(
      Object.fromEntries(validation.map(({ field, message }: Record<string, string>) => [field, message])),
      expected,
    )
    t.equal(validation.length, Object.keys(expected).length)
  }
})

t.test('a path with a parameter that is not valid is 404', async (t) => {
  const schema = { params: Type.Object({ id: Type.Integer() }) }
  const app = await start(t, (app) => app.get('/things/:id', { ...open, schema }, async () => 'ok'))
  t.equal((await app.inject('/things/7')).statusCode, 200)
  t.match((await app.inject('/things/x')).json(), { statusCode: 404, code: 'not_found' })
})

t.test('a validation error without a context names the request', async (t) => {
  const fault = { keyword: '', schemaPath: '', instancePath: '', params: {} }
  const { body } = await thrown(t, Object.assign(new Error('two fields contradict'), { validation: [fault] }))
  t.strictSame(body.validation, [{ field: 'request', message: 'is not valid' }])
})

t.test('any other thrown value is a 500 without details, which are logged', async (t) => {
  const named = Object.assign(new Error('the password is secret'), {
    statusCode: 503,
    headers: { 'x-inner': 'secret' },
  })
  for (const what of [
    new Error('the password is secret'),
    named,
    'secret text',
    { secret: true },
    null,
    undefined,
  ]) {
    const { body, headers, status, log } = await thrown(t, what, { expectsErrors: true })
    t.equal(status, 500)
    t.strictSame(body, internalError)
    t.notMatch(headers, { 'x-inner': 'secret' })
    t.match(log, { level: 50, msg: 'request failed' })
    if (what) t.match(JSON.stringify(log), /secret/)
    if (what instanceof Error) t.match(log, { err: { stack: /errors\.test\.ts/ } })
  }
})

t.test('an error of the catalogue is sent unchanged', async (t) => {
  const error = new ServiceError(guardErrors.insufficientScope, {
    headers: challenge(guardErrors.insufficientScope, ['read:things']),
    detail: 'missing read:things',
  })
  const { body, headers, status, log } = await thrown(t, error)
  t.equal(status, 403)
  t.strictSame(body, {
    statusCode: 403,
    code: 'insufficient_scope',
    error: 'Forbidden',
    message: "You don't have access to this resource",
  })
  t.match(headers['www-authenticate'], /scope="read:things"$/)
  t.match(log, {
    level: 30,
    msg: 'request rejected',
    code: 'insufficient_scope',
    detail: 'missing read:things',
  })
})

t.test('an unavailable dependency is logged as a warning with its cause, which is not sent', async (t) => {
  const cause = new Error('ECONNREFUSED 10.0.0.1')
  const error = new ServiceError(tokenErrors.issuerUnavailable, {
    detail: 'no keys',
    retryAfterSeconds: 5,
    cause,
  })
  const { body, headers, status, log } = await thrown(t, error)
  t.equal(status, 503)
  t.equal(headers['retry-after'], '5')
  t.notMatch(JSON.stringify(body), /ECONNREFUSED/)
  t.match(log, { level: 40, msg: 'request failed', detail: 'no keys', err: { message: /ECONNREFUSED/ } })
})

t.test(
  'an error of Fastify or a plugin gets the code for its status, and its message is only logged',
  async (t) => {
    for (const [statusCode, expected] of [
      [400, [400, 'bad_request']],
      [404, [404, 'not_found']],
      [413, [413, 'body_too_large']],
      [415, [415, 'unsupported_media_type']],
      [418, [400, 'bad_request']],
      [399, [500, 'internal_error']],
    ] as const) {
      const error = Object.assign(new Error('inner text'), { statusCode, code: 'FST_ERR_INNER' })
      const { body, status, log } = await thrown(t, error, { expectsErrors: true })
      t.strictSame([status, body.code], expected)
      t.notMatch(JSON.stringify(body), /inner/i)
      t.match(JSON.stringify(log), /inner text/)
    }
  },
)

/** As http-errors makes it, on which @fastify/sensible is built. */
function httpError(statusCode: number, message: string, fields: object = {}) {
  return Object.assign(new Error(message), { statusCode, status: statusCode, expose: true, ...fields })
}

t.test('an error of a route with a 4xx status keeps status, code and message', async (t) => {
  const { body, status, log } = await thrown(t, httpError(418, 'mine', { code: 'MY_CODE' }))
  t.equal(status, 418)
  t.strictSame(body, { statusCode: 418, code: 'MY_CODE', error: "I'm a Teapot", message: 'mine' })
  t.match(log, { level: 30, msg: 'request rejected', code: 'MY_CODE', detail: 'mine' })
})

t.test('an error of a route without a code has the code of its status', async (t) => {
  for (const [error, expected] of [
    [httpError(404, 'no such thing'), [404, 'not_found', 'Not Found', 'no such thing']],
    [httpError(418, 'mine'), [418, 'im_a_teapot', "I'm a Teapot", 'mine']],
    [httpError(422, 'mine', { code: 7 }), [422, 'unprocessable_entity', 'Unprocessable Entity', 'mine']],
    [httpError(409, ''), [409, 'conflict', 'Conflict', 'Conflict']],
    [httpError(499, 'mine'), [499, 'bad_request', 'Bad Request', 'mine']],
    [httpError(404, '/private/x', { expose: false }), [404, 'not_found', 'Not Found', 'Not Found']],
  ] as const) {
    const { body, status } = await thrown(t, error)
    t.strictSame([status, body.code, body.error, body.message], expected)
  }
})

t.test('an error of a route whose status is not a 4xx integer is a 500 without details', async (t) => {
  for (const statusCode of [200, 500, 502, 503, 599, 600, 404.5, Number.NaN, '404', null]) {
    const error = Object.assign(new Error('inner'), { statusCode, code: 'MY_CODE', expose: true })
    const { body, status } = await thrown(t, error, { expectsErrors: true })
    t.equal(status, 500)
    t.strictSame(body, internalError)
  }
})

t.test('an unknown path is 404', async (t) => {
  const app = await start(t, () => {})
  for (const url of ['/nowhere', '/api', '/api/private/more']) {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, 404)
    t.strictSame(answer.json(), {
      statusCode: 404,
      code: 'not_found',
      error: 'Not Found',
      message: 'Not Found',
    })
  }
})
