import t, { type Test } from 'tap'
import { bearer, listen } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

/** The log of what was sent, complete. */
async function logOf(
  t: Test,
  environment: Record<string, string>,
  send: (
    get: (path: string, headers?: Record<string, string>) => Promise<Response>,
    issuer: TestIssuer,
  ) => Promise<void>,
) {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, { environment })
  await send((path, headers = {}) => fetch(`${app.url}${path}`, { headers }), issuer)
  await app.close() // the line is written after the response
  return app.logLines
}

t.test('every request is logged in one line with method, path, subject and status', async (t) => {
  const lines = await logOf(t, {}, async (get, issuer) => {
    await get('/api/private?page=2', bearer(await issuer.sign({ sub: 'auth0|7' })))
    await get('/api/public')
    await get('/api/private')
    await get('/nowhere')
  })
  const expected: [path: string, statusCode: number, sub: string | undefined][] = [
    ['/api/private', 200, 'auth0|7'],
    ['/api/public', 200, undefined],
    ['/api/private', 401, undefined],
    ['/nowhere', 404, undefined],
  ]
  const requests = lines.filter(({ msg }) => msg === 'request')
  t.match(
    requests,
    expected.map(([path, statusCode]) => ({
      req: { method: 'GET', path, remoteAddress: '127.0.0.1' },
      statusCode,
      ms: Number,
      reqId: /^[0-9a-f]{8}-\d+$/,
    })),
  )
  t.equal(requests.length, expected.length)
  t.strictSame(
    requests.map(({ sub }) => sub),
    expected.map(([, , sub]) => sub),
  )
  t.equal(new Set(requests.map(({ reqId }) => reqId)).size, requests.length)
})

t.test('the reason for rejecting a token is logged with the request, without the token', async (t) => {
  let token = ''
  const lines = await logOf(t, {}, async (get, issuer) => {
    token = await issuer.sign({ exp: 1 })
    await get('/api/private', bearer(token))
  })
  const [refusal, request] = lines.slice(-2)
  t.match(refusal, { msg: 'request rejected', code: 'invalid_token', detail: 'exp was 1' })
  t.match(request, { msg: 'request', statusCode: 401, reqId: refusal?.reqId })
  t.notOk(JSON.stringify(lines).includes(token.split('.')[1] ?? ''))
})

t.test('a rejection without a more precise reason is logged with its message', async (t) => {
  const lines = await logOf(t, {}, async (get) => {
    await get('/api/private', { authorization: 'Bearer a b' })
  })
  const rejection = lines.find(({ msg }) => msg === 'request rejected')
  t.match(rejection, { code: 'invalid_token', detail: 'Invalid token headers' })
})

t.test('requests are logged at levels up to info', async (t) => {
  for (const [LOG_LEVEL, count] of Object.entries({ info: 1, debug: 1, warn: 0, error: 0, silent: 0 })) {
    const lines = await logOf(t, { LOG_LEVEL }, async (get) => {
      t.equal((await get('/api/public')).status, 200)
    })
    t.equal(lines.filter(({ msg }) => msg === 'request').length, count, LOG_LEVEL)
  }
})

t.test('successful probes are logged at level debug, failed ones at info', async (t) => {
  const probes = async (LOG_LEVEL: string) => {
    const issuer = await TestIssuer.start(t)
    const app = await listen(t, issuer, { environment: { LOG_LEVEL } })
    for (const path of ['/livez', '/readyz']) t.equal((await fetch(`${app.url}${path}`)).status, 200)
    app.startDraining()
    t.equal((await fetch(`${app.url}/readyz`)).status, 503)
    await app.close()
    return app.logLines
      .filter(({ msg }) => msg === 'request')
      .map(({ statusCode, level }) => [statusCode, level])
  }
  t.strictSame(await probes('info'), [[503, 30]])
  t.strictSame(await probes('debug'), [
    [200, 20],
    [200, 20],
    [503, 30],
  ])
})
