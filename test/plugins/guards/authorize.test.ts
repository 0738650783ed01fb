import type { FastifyInstance, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { Type } from 'typebox'
import { httpErrors, ServiceError } from '../../../src/errors/catalogue.ts'
import { type BuildOptions, bearer, buildApp, listen } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'

type Extend = (app: FastifyInstance) => void

async function serve(t: Test, extend: Extend, options: BuildOptions = {}) {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, { ...options, extend })
  const call = async (url: string, claims?: object, init: RequestInit = {}) => {
    const headers = { ...(claims ? bearer(await issuer.sign(claims)) : {}), ...init.headers }
    const response = await fetch(`${app.url}${url}`, { ...init, headers })
    const text = await response.text()
    return { status: response.status, text, challenge: response.headers.get('www-authenticate') }
  }
  return { app, call, status: async (url: string, claims?: object) => (await call(url, claims)).status }
}

async function bootError(t: Test, extend: Extend): Promise<string> {
  const outcome = await buildApp(t, await TestIssuer.start(t), { extend }).catch(
    (error: Error) => error.message,
  )
  return typeof outcome === 'string' ? outcome : 'it started'
}

const answer = async () => 'ok'

t.test(
  'a rejected request gets 404 on a route with a parameter, else 403, unless the route says which',
  async (t) => {
    const { call, status } = await serve(t, (app) => {
      const isAda = ({ token }: FastifyRequest) => token?.subject === 'ada'
      const guarded = (options?: { hide: boolean }) => ({
        preHandler: [app.authenticate, app.authorize(isAda, options)],
      })
      app.get('/things', guarded(), answer)
      app.get('/things/:id', guarded(), answer)
      app.get('/files/*', guarded(), answer)
      app.get('/things::count', guarded(), answer)
      app.get('/hidden', guarded({ hide: true }), answer)
      app.get('/shown/:id', guarded({ hide: false }), answer)
    })
    for (const [url, rejected] of [
      ['/things', 403],
      ['/things/1', 404],
      ['/files/a/b', 404],
      ['/things:count', 403],
      ['/hidden', 404],
      ['/shown/1', 403],
    ] as const) {
      t.equal(await status(url, { sub: 'ada' }), 200, url)
      t.equal(await status(url), 401, url)
      const { status: code, text, challenge } = await call(url, { sub: 'eve' })
      t.equal(code, rejected, url)
      t.equal(challenge, null)
      t.match(
        JSON.parse(text),
        rejected === 404
          ? { code: 'not_found', message: 'Not Found' }
          : { code: 'forbidden', message: 'You are not allowed to do this' },
      )
    }
  },
)

t.test('it decides after the guard and the validation, once for each request', async (t) => {
  const seen: unknown[] = []
  const { call } = await serve(t, (app) => {
    const ownsTitle = async ({ body, token }: FastifyRequest) => {
      seen.push(body)
      return (body as { title: string }).title === token?.subject
    }
    const schema = { body: Type.Object({ title: Type.String() }) }
    const preHandler = [app.requiresScope('write:things'), app.authorize(ownsTitle)]
    app.post('/things', { preHandler, schema }, answer)
  })
  const post = async (claims: object, body: object) => {
    const headers = { 'content-type': 'application/json' }
    return (await call('/things', claims, { method: 'POST', body: JSON.stringify(body), headers })).status
  }
  const scope = 'write:things'
  t.equal(await post({}, { title: 'auth0|1' }), 403)
  t.equal(await post({ scope }, { title: {} }), 400)
  t.strictSame(seen, [], 'neither reached it')
  t.equal(await post({ scope }, { title: 'auth0|1' }), 200)
  t.equal(await post({ scope }, { title: 'other' }), 403)
  t.strictSame(seen, [{ title: 'auth0|1' }, { title: 'other' }])
})

t.test('only true accepts a request: other values and errors reject it', async (t) => {
  const { status } = await serve(
    t,
    (app) => {
      const by = (url: string, decide: () => unknown) =>
        app.get(url, { preHandler: [app.authenticate, app.authorize(decide as () => boolean)] }, answer)
      by('/true', async () => true)
      for (const [index, value] of [false, undefined, null, 0, 1, 'true', {}].entries())
        by(`/other-${index}`, () => value)
      by('/throws', () => {
        throw new Error('secret')
      })
      by('/rejects', async () => {
        throw new ServiceError(httpErrors.overloaded, { retryAfterSeconds: 1 })
      })
    },
    { expectsErrors: true },
  )
  t.equal(await status('/true', {}), 200)
  for (let index = 0; index < 7; index++) t.equal(await status(`/other-${index}`, {}), 403)
  t.equal(await status('/throws', {}), 500)
  t.equal(await status('/rejects', {}), 503)
})

t.test('all decisions of a route must accept, whatever stands between them', async (t) => {
  const { call, status } = await serve(
    t,
    (app) => {
      const has = (claim: string) => app.authorize(({ token }) => token?.claims[claim] === true)
      const reply = async (_request: unknown, reply: { send(text: string): unknown }) => reply.send('secret')
      app.get('/two', { preHandler: [app.authenticate, has('a'), app.loadUser, has('b')] }, answer)
      app.get('/early', { preHandler: [app.authenticate, reply, has('a')] }, answer)
      app.get('/between', { preHandler: [app.authenticate, has('a'), reply, has('b')] }, answer)
      app.get('/late', { preHandler: [app.authenticate, has('a'), reply] }, answer)
      app.get('/validation', { preHandler: [app.authenticate, has('a')], preValidation: reply }, answer)
    },
    { expectsErrors: true },
  )
  t.equal(await status('/two', { a: true, b: true }), 200)
  for (const claims of [{ a: true }, { b: true }, {}]) t.equal(await status('/two', claims), 403)
  for (const url of ['/early', '/between', '/validation']) {
    const { status, text } = await call(url, { a: true, b: true })
    t.equal(status, 500, url)
    t.notMatch(text, 'secret')
  }
  t.equal((await call('/late', { a: true })).text, 'secret')
  t.equal(await status('/late', {}), 403)
})

t.test('app.authorize without a guard before it stops the boot', async (t) => {
  const always = () => true
  const message = /^GET \/a has app\.authorize without a guard before it\. Give/
  t.match(
    await bootError(t, (app) => void app.get('/a', { preHandler: app.authorize(always) }, answer)),
    message,
  )
  t.match(
    await bootError(t, (app) => {
      app.get('/a', { preHandler: [app.authorize(always), app.authenticate] }, answer)
    }),
    message,
  )
  t.match(
    await bootError(t, (app) => {
      app.get('/a', { preHandler: app.authorize(always), config: { public: true } }, answer)
    }),
    message,
  )
  t.equal(
    await bootError(t, (app) => void app.authorize(undefined as never)),
    'app.authorize needs a function that decides',
  )
})

t.test('a hook that removes the decision of a route stops the boot', async (t) => {
  const message = await bootError(t, (app) => {
    app.addHook('onRoute', (route) => {
      if (route.url === '/a') route.preHandler = [route.preHandler ?? []].flat().slice(0, 1)
    })
    app.get('/a', { preHandler: [app.authenticate, app.authorize(() => true)] }, answer)
  })
  t.equal(message, 'GET /a has lost its guard: another onRoute hook replaced it')
})

t.test('outside a guarded route it decides on its own', async (t) => {
  const { status } = await serve(t, (app) => {
    app.get('/a', { config: { public: true }, preValidation: app.authorize(() => false) as never }, answer)
  })
  t.equal(await status('/a'), 403)
})

t.test('HEAD is decided like GET, and the route table names the function', async (t) => {
  const { app, call } = await serve(t, (app) => {
    const isAda = ({ token }: FastifyRequest) => token?.subject === 'ada'
    app.get('/things', { preHandler: [app.authenticate, app.authorize(isAda)] }, answer)
    app.get('/others', { preHandler: [app.authenticate, app.authorize(() => true)] }, answer)
  })
  t.equal((await call('/things', { sub: 'ada' }, { method: 'HEAD' })).status, 200)
  t.equal((await call('/things', { sub: 'eve' }, { method: 'HEAD' })).status, 403)
  const guards = (path: string) =>
    app.routeTable.filter((route) => route.path === path).map(({ guards }) => guards[1])
  t.strictSame(guards('/things')[0], { kind: 'authorization', required: ['isAda'] })
  t.strictSame(guards('/others')[0], { kind: 'authorization', required: ['the route'] })
  t.strictSame(guards('/things')[1], guards('/things')[0])
})
