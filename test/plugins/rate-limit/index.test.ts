import type { ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { bearer, buildApp } from '../../helpers/app.ts'
import { moveClock } from '../../helpers/clock.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { head, openSocket } from '../../helpers/raw-http.ts'

/** Requests of a caller, one after the other, and what came of them. */
async function start(t: Test, environment: Record<string, string> = {}) {
  const issuer = await TestIssuer.start(t)
  const app = await buildApp(t, issuer, { environment })
  const repeat = async (
    count: number,
    url: string,
    headers: Record<string, string> = {},
    remoteAddress = '10.0.0.1',
  ) => {
    const answers = []
    for (let i = 0; i < count; i++) answers.push(await app.inject({ url, headers, remoteAddress }))
    return answers
  }
  const statuses = async (...all: Parameters<typeof repeat>) =>
    (await repeat(...all)).map(({ statusCode }) => statusCode)
  const caller = async (claims: object) => bearer(await issuer.sign(claims))
  return { issuer, app, repeat, statuses, caller }
}

const limited = { RATE_LIMIT_MAX: '2' }

t.test('nothing is limited unless told', async (t) => {
  const { repeat, caller } = await start(t)
  for (const answer of await repeat(50, '/api/private', await caller({}))) {
    t.equal(answer.statusCode, 200)
    t.notMatch(Object.keys(answer.headers).join(), /ratelimit/)
  }
})

t.test('a caller with a token is counted by who they are, wherever they call from', async (t) => {
  const { statuses, caller } = await start(t, limited)
  t.strictSame(await statuses(2, '/api/private', await caller({ sub: 'one' })), [200, 200])
  const again = await caller({ sub: 'one', jti: 'another token' })
  t.strictSame(await statuses(2, '/api/private', again, '10.0.0.2'), [429, 429])
  t.strictSame(await statuses(3, '/api/private', await caller({ sub: 'two' })), [200, 200, 429])
  t.strictSame(
    await statuses(2, '/api/private', {}),
    [401, 401],
    'and nobody can use up the limit of another',
  )
})

t.test('a caller without a token is counted by address', async (t) => {
  const { statuses } = await start(t, limited)
  t.strictSame(await statuses(3, '/api/public'), [200, 200, 429])
  t.strictSame(await statuses(1, '/openapi.json'), [429])
  t.strictSame(await statuses(3, '/api/public', {}, '10.0.0.2'), [200, 200, 429])
})

t.test('too many requests are told so, and when to come back', async (t) => {
  const { repeat } = await start(t, limited)
  const [first, , third] = await repeat(3, '/api/public')
  t.match(first?.headers, {
    'x-ratelimit-limit': '2',
    'x-ratelimit-remaining': '1',
    'x-ratelimit-reset': '60',
  })
  t.notOk(first?.headers['retry-after'])
  t.equal(third?.statusCode, 429)
  t.strictSame(third?.json(), {
    statusCode: 429,
    code: 'rate_limited',
    error: 'Too Many Requests',
    message: 'Too many requests',
  })
  t.match(third?.headers, {
    'retry-after': /^([1-5]?\d|60)$/,
    'x-ratelimit-limit': '2',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': /^([1-5]?\d|60)$/,
    'x-content-type-options': 'nosniff',
  })
})

t.test('the probes of an orchestrator are never limited', async (t) => {
  const { statuses } = await start(t, limited)
  for (const url of ['/livez', '/readyz']) {
    t.strictSame(new Set(await statuses(10, url)), new Set([200]))
  }
  t.strictSame(await statuses(3, '/api/public'), [200, 200, 429])
})

t.test('refused tokens use up an allowance of their own, which is smaller', async (t) => {
  const { repeat, statuses, caller } = await start(t, { RATE_LIMIT_MAX: '200' })
  const good = await caller({})
  const answers = await repeat(22, '/api/private', bearer('guess'))
  t.strictSame(
    answers.map(({ statusCode }) => statusCode),
    [...new Array(20).fill(401), 429, 429],
    'a tenth',
  )
  t.match(answers[0]?.headers, {
    'www-authenticate': /invalid_token/,
    'x-ratelimit-limit': '20',
    'x-ratelimit-remaining': '19',
  })
  t.match(answers[20]?.headers, { 'retry-after': /^\d+$/, 'x-ratelimit-remaining': '0' })
  t.strictSame(
    await statuses(1, '/api/private', await caller({ exp: 1 })),
    [429],
    'by whatever they are refused',
  )
  t.strictSame(await statuses(1, '/api/private', good), [200], 'who has a good one at that address is served')
  t.strictSame(await statuses(1, '/api/private', await caller({ sub: 'new' })), [200], 'seen before or not')
  t.strictSame(await statuses(1, '/api/public', bearer('guess')), [200], 'a public route refuses none')
  t.strictSame(await statuses(1, '/api/private'), [401], 'nor is there one to refuse')
  t.strictSame(
    await statuses(1, '/api/private', bearer('guess'), '10.0.0.2'),
    [401],
    'elsewhere it begins anew',
  )
})

t.test('a tenth that is very few is raised, but not above the limit', async (t) => {
  for (const [max, allowed] of [
    [50, 10],
    [3, 3],
  ] as const) {
    const { statuses } = await start(t, { RATE_LIMIT_MAX: String(max) })
    t.strictSame(await statuses(allowed + 1, '/api/private', bearer('guess')), [
      ...new Array(allowed).fill(401),
      429,
    ])
  }
})

t.test('an outage of the issuer is not held against the tokens', async (t) => {
  const { issuer, statuses, caller } = await start(t, { RATE_LIMIT_MAX: '20' })
  const headers = await caller({})
  await issuer.stop()
  t.strictSame(new Set(await statuses(15, '/api/private', headers)), new Set([503]))
  t.strictSame(await statuses(1, '/api/private', bearer('guess')), [401])
})

t.test('who leaves before the token is verified is counted all the same', async (t) => {
  const { issuer, app } = await start(t, { RATE_LIMIT_MAX: '20' })
  const asked = Promise.withResolvers<ServerResponse>()
  issuer.misbehaviour = (_request, response) => asked.resolve(response)
  const url = await app.listen()
  const headers = bearer(await issuer.sign())

  const impatient = await openSocket(url)
  impatient.write(`${head('GET', '/api/private')}Authorization: ${headers.authorization}\r\n\r\n`)
  const response = await asked.promise
  impatient.destroy()
  const connections = () => new Promise((resolve) => app.server.getConnections((_, count) => resolve(count)))
  while ((await connections()) !== 0) await new Promise(setImmediate)
  response.writeHead(500).end()

  const patient = await fetch(`${url}/api/private`, { headers })
  t.equal(patient.status, 503)
  t.equal(patient.headers.get('x-ratelimit-remaining'), '18')
  t.notOk(app.logLines.some(({ level }) => level >= 50))
})

t.test('a route’s own hooks run for requests that are within the limit', async (t) => {
  const issuer = await TestIssuer.start(t)
  const seen: (string | undefined)[] = []
  const app = await buildApp(t, issuer, {
    environment: limited,
    extend: (app) => {
      const onRequest = async ({ token }: FastifyRequest) => void seen.push(token?.subject)
      app.get('/watched', { onRequest, preHandler: app.authenticate }, () => 'watched')
    },
  })
  const headers = bearer(await issuer.sign())
  for (const status of [200, 200, 429]) {
    t.equal((await app.inject({ url: '/watched', headers })).statusCode, status)
  }
  t.strictSame(seen, ['auth0|1', 'auth0|1'], 'after the token was verified')
})

t.test('unknown paths count, and so does HEAD, once', async (t) => {
  const { app, repeat, statuses } = await start(t, limited)
  t.strictSame(await statuses(3, '/unknown'), [404, 404, 429])
  t.strictSame(await statuses(1, '/api/public'), [429])
  const remoteAddress = '10.0.0.2'
  await app.inject({ method: 'HEAD', url: '/api/public', remoteAddress })
  const [second] = await repeat(1, '/api/public', {}, remoteAddress)
  t.equal(second?.headers['x-ratelimit-remaining'], '0')
})

t.test('an IPv6 address counts by its network, IPv4 is the same however it arrives', async (t) => {
  const { statuses } = await start(t, limited)
  t.strictSame(await statuses(2, '/api/public', {}, '2001:db8:0:1::1'), [200, 200])
  t.strictSame(await statuses(1, '/api/public', {}, '2001:db8:0:1:ffff:ffff:ffff:ffff'), [429])
  t.strictSame(await statuses(1, '/api/public', {}, '2001:db8:0:2::1'), [200])
  t.strictSame(await statuses(2, '/api/public', {}, '10.0.0.3'), [200, 200])
  t.strictSame(await statuses(1, '/api/public', {}, '::ffff:10.0.0.3'), [429])
  t.strictSame(await statuses(1, '/api/public', {}, '::ffff:10.0.0.4'), [200])
})

t.test('an address that a trusted proxy forwards counts in the place of its own', async (t) => {
  const from = (address: string) => ({ 'x-forwarded-for': `192.0.2.99, ${address}` })
  const trusting = await start(t, { ...limited, TRUST_PROXY: '1' })
  t.strictSame(await trusting.statuses(3, '/api/public', from('192.0.2.1')), [200, 200, 429])
  t.strictSame(await trusting.statuses(1, '/api/public', from('192.0.2.2')), [200])
  const others = await start(t, limited)
  t.strictSame(await others.statuses(2, '/api/public', from('192.0.2.1')), [200, 200])
  t.strictSame(
    await others.statuses(1, '/api/public', from('192.0.2.2')),
    [429],
    'without trust it is ignored',
  )
})

t.test('after a minute counting begins anew', async (t) => {
  const { statuses } = await start(t, limited)
  const clock = moveClock(t)
  t.strictSame(await statuses(3, '/api/public'), [200, 200, 429])
  clock.set(59_000)
  t.strictSame(await statuses(1, '/api/public'), [429])
  clock.set(61_000)
  t.strictSame(await statuses(3, '/api/public'), [200, 200, 429])
})

t.test('a page on another origin can read that it is limited', async (t) => {
  const origin = 'https://app.example'
  const { repeat } = await start(t, { RATE_LIMIT_MAX: '1', CLIENT_ORIGIN_URL: origin })
  const [, limited] = await repeat(2, '/api/public', { origin })
  t.equal(limited?.statusCode, 429)
  t.match(limited?.headers, {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': /Retry-After.*X-RateLimit-Reset/,
  })
})
