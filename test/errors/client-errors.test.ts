import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { type ErrorDefinition, httpErrors, ServiceError } from '../../src/errors/catalogue.ts'
import { clientErrorHandlers } from '../../src/errors/client-errors.ts'
import { securityHeaders } from '../../src/http/security-headers.ts'
import { listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

const BODY_LIMIT_BYTES = 65_536

/** A route that accepts any body. */
function addEcho(app: FastifyInstance) {
  app.post('/echo', { config: { public: true } }, async ({ body }) => ({
    length: JSON.stringify(body).length,
  }))
}

async function start(t: Test, environment: Record<string, string> = {}) {
  const { url, logLines } = await listen(t, await TestIssuer.start(t), { extend: addEcho, environment })
  return { send: (request: string) => exchange(url, request), url, logLines }
}

/** Returns the bytes that the server sends until it closes the connection. */
async function exchange(url: string, request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(request)
  return text(socket)
}

function post(body: string, contentType = 'application/json', length = body.length) {
  const headers = `Host: localhost\r\nConnection: close\r\nContent-Type: ${contentType}\r\nContent-Length: ${length}`
  return `POST /echo HTTP/1.1\r\n${headers}\r\n\r\n${body}`
}

function get(path: string, header = 'X-Nothing: 1') {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${header}\r\n\r\n`
}

/** Asserts one error response with the headers of every response. */
function isRejected(t: Test, answer: string, name: ErrorDefinition) {
  const expected = new ServiceError(name).body
  const [head = '', ...bodies] = answer.split('\r\n\r\n')
  const [statusLine, ...lines] = head.split('\r\n')
  t.equal(statusLine, `HTTP/1.1 ${expected.statusCode} ${expected.error}`)
  const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(': ')))
  t.match(headers, {
    ...Object.fromEntries(Object.entries(securityHeaders).map(([key, value]) => [key, value.toLowerCase()])),
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(bodies.join().length),
    connection: 'close',
  })
  t.strictSame(
    bodies.map((body) => JSON.parse(body)),
    [expected],
  )
}

t.test('a request that is not valid HTTP is 400', async (t) => {
  const { send } = await start(t)
  for (const request of ['NONSENSE\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', get('/livez', 'Bad Header: 1')]) {
    isRejected(t, await send(request), httpErrors.badRequest)
  }
  t.match(await send(get('/livez')), /^HTTP\/1\.1 200 /)
})

t.test('headers over 16 KiB are 431', async (t) => {
  const { send } = await start(t)
  isRejected(t, await send(get('/livez', `X-Long: ${'x'.repeat(16_384)}`)), httpErrors.headersTooLarge)
  t.match(await send(get('/livez', `X-Long: ${'x'.repeat(15_000)}`)), /^HTTP\/1\.1 200 /)
})

t.test('a URL that cannot be decoded is 400, and its query string is not logged', async (t) => {
  const { send, logLines } = await start(t)
  isRejected(t, await send(get('/%?access_token=secret')), httpErrors.badRequest)
  t.match(logLines.at(-1), { msg: 'request rejected', code: 'bad_request', detail: 'FST_ERR_BAD_URL' })
  t.notMatch(JSON.stringify(logLines), /secret/)
  t.match(await send(get('/livez?%')), /^HTTP\/1\.1 200 /)
})

t.test('a body over 64 KiB is 413, and a body of 64 KiB is accepted', async (t) => {
  const { send } = await start(t)
  const json = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`
  isRejected(t, await send(post(json(BODY_LIMIT_BYTES + 1))), httpErrors.bodyTooLarge)
  t.match(await send(post(json(BODY_LIMIT_BYTES))), /^HTTP\/1\.1 200 /)
})

t.test('an unsupported content type is 415', async (t) => {
  const { send } = await start(t)
  for (const contentType of ['text/csv', 'nonsense']) {
    isRejected(t, await send(post('{}', contentType)), httpErrors.unsupportedMediaType)
  }
  t.match(await send(post('{}', 'application/json; charset=utf-8')), /^HTTP\/1\.1 200 /)
})

t.test('a body that is not valid JSON is 400', async (t) => {
  const { send } = await start(t)
  for (const body of ['{', '{"__proto__":{"a":1}}']) {
    isRejected(t, await send(post(body)), httpErrors.badRequest)
  }
  t.match(await send(post('{}')), /^HTTP\/1\.1 200 /)
})

t.test('errors before the hooks carry the CORS headers of allowed origins, and a request ID', async (t) => {
  const [first, second] = ['https://app.example', 'http://localhost:4040']
  const { send, logLines } = await start(t, { CLIENT_ORIGIN_URL: `${first},${second}` })
  const headers = (name: string) => `Origin: ${name}\r\n`
  const long = `X-Long: ${'x'.repeat(16_384)}`
  const requests: [status: number, request: (headers: string) => string][] = [
    [400, (headers) => get('/api/%zz', `${headers}X-Request-Id: id-of.the_client`)],
    [400, (headers) => get('/livez', `${headers}Bad Header: 1`)],
    [400, (headers) => get('/livez', `${headers}Authorization: a\r\nAuthorization: b`)],
    [431, (headers) => get('/livez', `${headers}${long}`)],
    [431, (headers) => get('/livez', `${headers}${'X-Many: 1\r\n'.repeat(100)}X-Last: 1`)],
  ]
  for (const [status, request] of requests) {
    for (const origin of [first, second]) {
      const answer = await send(request(headers(origin as string)))
      t.equal(Number(answer.split(' ')[1]), status)
      t.match(answer, new RegExp(`^access-control-allow-origin: ${origin}\r$`, 'm'))
      t.match(answer, /^access-control-expose-headers: .*X-Request-Id/m)
      t.match(answer, /^vary: Origin\r$/m)
      const [, id = ''] = /^x-request-id: (\S+)\r$/m.exec(answer) ?? []
      t.ok(
        logLines.some(({ reqId, msg }) => reqId === id && msg === 'request rejected'),
        id,
      )
    }
    const other = await send(request(headers('https://evil.example')))
    t.match(other, /^vary: Origin\r$/m)
    t.notMatch(other, /access-control-allow-origin/)
  }
  t.match(await send(requests[0]?.[1]('') ?? ''), /^x-request-id: id-of\.the_client\r$/m)
  const unknown = await send(get('/livez', long))
  t.match(
    unknown,
    /^access-control-allow-origin: https:\/\/app\.example\r$/m,
    'the first, if the packet has none',
  )
})

t.test('a request that does not arrive in time is 408', async (t) => {
  const times = { requestTimeout: 50, http: { headersTimeout: 50, connectionsCheckingInterval: 10 } }
  const { url } = await listen(t, await TestIssuer.start(t), { times, extend: addEcho })
  isRejected(t, await exchange(url, 'GET /livez HTTP/1.1\r\nHost: localhost\r\n'), httpErrors.requestTimeout)
  isRejected(t, await exchange(url, post('{', 'application/json', 9)), httpErrors.requestTimeout)
  t.match(await exchange(url, get('/livez')), /^HTTP\/1\.1 200 /)
})

t.test('a connection reset by its client does not affect other clients', async (t) => {
  const { send, url } = await start(t)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write('POST /echo HTTP/1.1\r\nHost: localhost\r\n', () => socket.resetAndDestroy())
  await once(socket, 'close')
  t.match(await send(get('/livez')), /^HTTP\/1\.1 200 /)
})

t.test('a connection that is not writable is closed without a response', async (t) => {
  const broken = (code: string) => Object.assign(new Error(code), { code })
  const { clientErrorHandler } = clientErrorHandlers([])
  const fail = clientErrorHandler.bind({ log: { info: () => {} } as unknown as FastifyBaseLogger })
  const answerTo = async (give: (socket: Socket) => void) => {
    const server = createServer(give).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const answer = await exchange(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'NONSENSE')
    server.close()
    return answer
  }
  t.equal(await answerTo((socket) => fail(broken('ECONNRESET'), socket)), '')
  t.equal(await answerTo((socket) => fail(broken('HPE_INVALID'), socket.end())), '')
  isRejected(t, await answerTo((socket) => fail(broken('HPE_INVALID'), socket)), httpErrors.badRequest)
  isRejected(t, await answerTo((socket) => fail(new Error('no code'), socket)), httpErrors.badRequest)
})
