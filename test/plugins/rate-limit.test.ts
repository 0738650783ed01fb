import t, { type Test } from 'tap'
import { bearer, buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

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
  return { repeat, statuses, caller }
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
