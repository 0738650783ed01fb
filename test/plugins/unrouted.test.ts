import t from 'tap'
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'

const notAllowed = {
  statusCode: 405,
  code: 'method_not_allowed',
  error: 'Method Not Allowed',
  message: 'The method is not supported',
}

t.test('a method that a path does not have is 405 with the methods that it has', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  for (const [method, url, allow] of [
    ['POST', '/api/public', 'GET, HEAD'],
    ['POST', '/api/public/?a=b', 'GET, HEAD'],
    ['DELETE', '/api/users', 'GET, HEAD, POST'],
    ['POST', '/api/users/1', 'DELETE, GET, HEAD'],
    ['POST', '/api/users/%31', 'DELETE, GET, HEAD'],
    ['OPTIONS', '/api/users', 'GET, HEAD, POST'],
    ['PURGE', '/api/users', 'GET, HEAD, POST'],
  ] as const) {
    const { statusCode, headers, json } = await app.inject({ method: method as 'GET', url })
    t.equal(statusCode, 405, `${method} ${url}`)
    t.equal(headers.allow, allow)
    t.strictSame(json(), notAllowed)
  }
})

t.test('a path that has no route is 404 with every method', async (t) => {
  for (const environment of [{}, { CLIENT_ORIGIN_URL: 'https://app.example' }]) {
    const app = await buildApp(t, await TestIssuer.start(t), { environment })
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'PURGE']) {
      const { statusCode, headers } = await app.inject({ method: method as 'GET', url: '/nowhere' })
      t.equal(statusCode, 404, method)
      t.notOk('allow' in headers)
    }
  }
})

t.test('with CORS, OPTIONS is one of the methods', async (t) => {
  const environment = { CLIENT_ORIGIN_URL: 'https://app.example' }
  const app = await buildApp(t, await TestIssuer.start(t), { environment })
  const { statusCode, headers } = await app.inject({ method: 'POST', url: '/api/public' })
  t.equal(statusCode, 405)
  t.equal(headers.allow, 'GET, HEAD, OPTIONS')
})

t.test('versions of a route count as one', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t), {
    extend: (app) => {
      for (const version of ['1.0.0', '2.0.0'])
        app.get('/versions', { constraints: { version }, config: { public: true } }, async () => version)
    },
  })
  const { statusCode, headers } = await app.inject({ method: 'DELETE', url: '/versions' })
  t.strictSame([statusCode, headers.allow], [405, 'GET, HEAD'])
})
