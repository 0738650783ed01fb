import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { bearer, buildApp, listen } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

async function serve(t: Test, environment: Record<string, string> = {}) {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, {
    environment,
    extend: (app) => {
      const hello = async ({ token }: { token: { subject: string } | null }) => ({
        hello: token?.subject ?? 'stranger',
      })
      app.get('/hello', { preHandler: app.optionalToken }, hello)
      app.get('/user', { preHandler: [app.optionalToken, app.loadUser] }, hello)
      app.get(
        '/decided',
        { preHandler: [app.optionalToken, app.authorize(({ token }) => token === null)] },
        hello,
      )
      app.get('/misplaced', { config: { public: true }, preValidation: app.optionalToken }, hello)
      app.get('/forged', { config: { isTokenOptional: true }, preHandler: app.authenticate }, hello)
    },
  })
  const call = async (url: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${app.url}${url}`, { headers })
    const { hello, code } = (await response.json()) as Record<string, unknown>
    return { status: response.status, answer: hello ?? code, headers: response.headers }
  }
  return { issuer, app, call }
}

t.test('a request without a token is accepted, and a good token is verified', async (t) => {
  const { issuer, call } = await serve(t)
  t.match(await call('/hello'), { status: 200, answer: 'stranger' })
  const known = await call('/hello', bearer(await issuer.sign({ sub: 'ada' })))
  t.match(known, { status: 200, answer: 'ada' })
  t.equal(known.headers.get('cache-control'), 'no-store')
})

t.test('a token that is not good is 401 with a challenge, and 503 if its issuer is down', async (t) => {
  const { issuer, call } = await serve(t)
  const past = Math.floor(Date.now() / 1000) - 3600
  for (const [authorization, code] of [
    [`Bearer ${await issuer.sign({ exp: past })}`, 'invalid_token'],
    [`Bearer ${await issuer.sign({ aud: 'https://other.test' })}`, 'invalid_token'],
    ['Bearer nonsense', 'invalid_token'],
    ['Bearer a b', 'invalid_token'],
    ['Bearer', 'missing_token'],
    ['Basic YTpi', 'missing_token'],
  ] as const) {
    const { status, answer, headers } = await call('/hello', { authorization })
    t.equal(status, 401, authorization)
    t.equal(answer, code, authorization)
    t.match(headers.get('www-authenticate'), /^Bearer realm="api"/)
  }
  await issuer.addKey('unknown')
  const token = await issuer.sign()
  await issuer.stop()
  t.match(await call('/hello', bearer(token)), { status: 503, answer: 'issuer_unavailable' })
  t.match(await call('/hello'), { status: 200, answer: 'stranger' })
})

t.test('the user is loaded if there is a token', async (t) => {
  const { issuer, call } = await serve(t)
  t.match(await call('/user'), { status: 200, answer: 'stranger' })
  t.match(await call('/user', bearer(await issuer.sign({ sub: 'ada' }))), { status: 200, answer: 'ada' })
  t.match(await call('/decided'), { status: 200, answer: 'stranger' })
  t.match(await call('/decided', bearer(await issuer.sign())), { status: 403, answer: 'forbidden' })
})

t.test('in another hook it accepts no token, and its option does not open other guards', async (t) => {
  const { issuer, call } = await serve(t)
  t.match(await call('/misplaced'), { status: 200 })
  t.match(await call('/misplaced', bearer(await issuer.sign())), { status: 401 })
  t.match(await call('/forged'), { status: 401, answer: 'missing_token' })
  t.match(await call('/forged', bearer(await issuer.sign({ sub: 'ada' }))), { status: 200, answer: 'ada' })
})

t.test(
  'with a rate limit, requests with a token count for their caller, others for their address',
  async (t) => {
    const { issuer, call } = await serve(t, { RATE_LIMIT_MAX: '20' })
    const remaining = async (headers: Record<string, string> = {}) =>
      Number((await call('/hello', headers)).headers.get('x-ratelimit-remaining'))
    t.equal(await remaining(), 19)
    t.equal(await remaining(bearer(await issuer.sign())), 19)
    t.equal(await remaining(), 18)
    t.equal(
      await remaining({ authorization: 'Bearer nonsense' }),
      9,
      'rejected tokens have a quota of their own',
    )
  },
)

t.test('an optional token beside another guard stops the boot', async (t) => {
  const extend = (app: FastifyInstance) =>
    void app.get('/a', { preHandler: [app.requiresScope('a'), app.optionalToken] }, async () => 'ok')
  await t.rejects(buildApp(t, await TestIssuer.start(t), { extend }), {
    message: /^GET \/a has app\.optionalToken beside another guard\. Give/,
  })
})
