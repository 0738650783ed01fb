import type { ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { bearer, buildApp } from '../../helpers/app.ts'
import { moveClock } from '../../helpers/clock.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { head, openSocket } from '../../helpers/raw-http.ts'

/** Moves the monotonic clock of this process, and restores it after the test. */
function moveMonotonicClock(t: Test) {
  const realNow = performance.now.bind(performance)
  let offsetMs = 0
  t.intercept(performance, 'now', { value: () => realNow() + offsetMs })
  return {
    set: (ms: number) => {
      offsetMs = ms
    },
  }
}

/** Starts the service with functions that send sequential requests and return the responses. */
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

t.test('requests are not limited by default', async (t) => {
  const { repeat, caller } = await start(t)
  for (const answer of await repeat(50, '/api/private', await caller({}))) {
    t.equal(answer.statusCode, 200)
    t.notMatch(Object.keys(answer.headers).join(), /ratelimit/)
  }
})

t.test('requests with a token count by issuer and subject, not by address', async (t) => {
  const { statuses, caller } = await start(t, limited)
  t.strictSame(await statuses(2, '/api/private', await caller({ sub: 'one' })), [200, 200])
  const again = await caller({ sub: 'one', jti: 'another token' })
  t.strictSame(await statuses(2, '/api/private', again, '10.0.0.2'), [429, 429])
  t.strictSame(await statuses(3, '/api/private', await caller({ sub: 'two' })), [200, 200, 429])
  t.strictSame(
    await statuses(2, '/api/private', {}),
    [401, 401],
    'a caller cannot use up the quota of another',
  )
})

t.test('requests without a token count by address', async (t) => {
  const { statuses } = await start(t, limited)
  t.strictSame(await statuses(3, '/api/public'), [200, 200, 429])
  t.strictSame(await statuses(1, '/openapi.json'), [429])
  t.strictSame(await statuses(3, '/api/public', {}, '10.0.0.2'), [200, 200, 429])
})

t.test('requests above the limit are rejected with 429 and Retry-After', async (t) => {
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

t.test('health probes are never limited', async (t) => {
  const { statuses } = await start(t, limited)
  for (const url of ['/livez', '/readyz']) {
    t.strictSame(new Set(await statuses(10, url)), new Set([200]))
  }
  t.strictSame(await statuses(3, '/api/public'), [200, 200, 429])
})

t.test('rejected tokens have a smaller quota of their own', async (t) => {
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
  t.strictSame(await statuses(1, '/api/private', await caller({ exp: 1 })), [429], 'whatever the reason')
  t.strictSame(await statuses(1, '/api/private', good), [200], 'a valid token from that address is accepted')
  t.strictSame(
    await statuses(1, '/api/private', await caller({ sub: 'new' })),
    [200],
    'also one that is not cached',
  )
  t.strictSame(await statuses(1, '/api/public', bearer('guess')), [200], 'public routes reject no tokens')
  t.strictSame(await statuses(1, '/api/private'), [401], 'a missing token is not a rejected one')
  t.strictSame(
    await statuses(1, '/api/private', bearer('guess'), '10.0.0.2'),
    [401],
    'other addresses have their own quota',
  )
})

t.test('the quota for rejected tokens is at least 10, but not above the limit', async (t) => {
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

t.test('tokens do not count as rejected while their issuer is unavailable', async (t) => {
  const { issuer, statuses, caller } = await start(t, { RATE_LIMIT_MAX: '20' })
  const headers = await caller({})
  await issuer.stop()
  t.strictSame(new Set(await statuses(15, '/api/private', headers)), new Set([503]))
  t.strictSame(await statuses(1, '/api/private', bearer('guess')), [401])
})

t.test('a request counts although the client leaves before the token is verified', async (t) => {
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

t.test('a route’s own hooks run only for requests within the limit', async (t) => {
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

t.test('unknown paths and HEAD requests count once', async (t) => {
  const { app, repeat, statuses } = await start(t, limited)
  t.strictSame(await statuses(3, '/unknown'), [404, 404, 429])
  t.strictSame(await statuses(1, '/api/public'), [429])
  const remoteAddress = '10.0.0.2'
  await app.inject({ method: 'HEAD', url: '/api/public', remoteAddress })
  const [second] = await repeat(1, '/api/public', {}, remoteAddress)
  t.equal(second?.headers['x-ratelimit-remaining'], '0')
})

t.test('IPv6 addresses count by their /64, IPv4-mapped ones as IPv4', async (t) => {
  const { statuses } = await start(t, limited)
  t.strictSame(await statuses(2, '/api/public', {}, '2001:db8:0:1::1'), [200, 200])
  t.strictSame(await statuses(1, '/api/public', {}, '2001:db8:0:1:ffff:ffff:ffff:ffff'), [429])
  t.strictSame(await statuses(1, '/api/public', {}, '2001:db8:0:2::1'), [200])
  t.strictSame(await statuses(2, '/api/public', {}, '10.0.0.3'), [200, 200])
  t.strictSame(await statuses(1, '/api/public', {}, '::ffff:10.0.0.3'), [429])
  t.strictSame(await statuses(1, '/api/public', {}, '::ffff:10.0.0.4'), [200])
})

t.test('the address that a trusted proxy forwards counts instead of its own', async (t) => {
  const from = (address: string) => ({ 'x-forwarded-for': `192.0.2.99, ${address}` })
  const trusting = await start(t, { ...limited, TRUST_PROXY: '1' })
  t.strictSame(await trusting.statuses(3, '/api/public', from('192.0.2.1')), [200, 200, 429])
  t.strictSame(await trusting.statuses(1, '/api/public', from('192.0.2.2')), [200])
  const others = await start(t, limited)
  t.strictSame(await others.statuses(2, '/api/public', from('192.0.2.1')), [200, 200])
  t.strictSame(
    await others.statuses(1, '/api/public', from('192.0.2.2')),
    [429],
    'headers of an untrusted proxy are ignored',
  )
})

t.test('the port that a proxy adds to the forwarded address does not count', async (t) => {
  const { app, statuses } = await start(t, { ...limited, TRUST_PROXY: '1' })
  const from = (address: string) => statuses(1, '/api/public', { 'x-forwarded-for': address })
  t.strictSame(await from('203.0.113.6:1000'), [200])
  t.strictSame(await from('203.0.113.6:1001'), [200])
  t.strictSame(await from('203.0.113.6:1002'), [429])
  t.strictSame(await from('203.0.113.6'), [429])
  t.strictSame(await from('[2001:db8::1]:1000'), [200])
  t.strictSame(await from('[2001:db8::2]'), [200])
  t.strictSame(await from('2001:db8::3'), [429])
  const addresses = app.logLines.flatMap(({ req }) => (req as { remoteAddress: string })?.remoteAddress ?? [])
  t.strictSame(
    [...new Set(addresses)],
    ['203.0.113.6', '2001:db8::1', '2001:db8::2', '2001:db8::3'],
    'nor is it in the log',
  )
})

t.test('a forwarded value that is not an address counts as the proxy', async (t) => {
  const { statuses } = await start(t, { ...limited, TRUST_PROXY: '1' })
  const from = (address: string) => statuses(1, '/api/public', { 'x-forwarded-for': address })
  t.strictSame(await from('unknown'), [200])
  t.strictSame(await from('_hidden:1'), [200])
  t.strictSame(await from('203.0.113.999:1'), [429])
  t.strictSame(await statuses(1, '/api/public'), [429])
})

t.test('a quota is available again after a minute', async (t) => {
  const { statuses } = await start(t, limited)
  const clock = moveMonotonicClock(t)
  t.strictSame(await statuses(3, '/api/public'), [200, 200, 429])
  clock.set(59_000)
  t.strictSame(await statuses(1, '/api/public'), [429])
  clock.set(61_000)
  t.strictSame(await statuses(3, '/api/public'), [200, 200, 429])
})

for (const [direction, days] of [
  ['back', -2],
  ['forward', 2],
] as const) {
  t.test(`quotas last a minute when the wall clock is set ${direction} two days`, async (t) => {
    const { repeat, statuses } = await start(t, limited)
    const [wallClock, monotonicClock] = [moveClock(t), moveMonotonicClock(t)]
    t.strictSame(await statuses(3, '/api/public', {}, '10.0.0.1'), [200, 200, 429])
    t.strictSame(await statuses(2, '/api/public', {}, '10.0.0.2'), [200, 200])
    wallClock.set(days * 86_400_000)
    for (const address of ['10.0.0.1', '10.0.0.2']) {
      const [answer] = await repeat(1, '/api/public', {}, address)
      t.equal(answer?.statusCode, 429, address)
      const seconds = Number(answer?.headers['retry-after'])
      t.ok(seconds > 0 && seconds <= 60, `${seconds} s`)
    }
    monotonicClock.set(61_000)
    for (const address of ['10.0.0.1', '10.0.0.2'])
      t.strictSame(await statuses(1, '/api/public', {}, address), [200])
  })
}

t.test('a page on another origin can read the limit headers', async (t) => {
  const origin = 'https://app.example'
  const { repeat } = await start(t, { RATE_LIMIT_MAX: '1', CLIENT_ORIGIN_URL: origin })
  const [, limited] = await repeat(2, '/api/public', { origin })
  t.equal(limited?.statusCode, 429)
  t.match(limited?.headers, {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': /Retry-After.*X-RateLimit-Reset/,
  })
})
