import t, { type Test } from 'tap'
import { httpErrors, ServiceError } from '../../src/errors/catalogue.ts'
import { tokenErrors } from '../../src/plugins/auth/errors.ts'
import { loginErrors } from '../../src/web/login/errors.ts'
import { buildApp } from '../helpers/app.ts'
import { TestIssuer } from '../helpers/issuer.ts'
import { knownErrors } from '../helpers/known-errors.ts'
import { fixturePages, newFixture, webApp } from '../helpers/pages.ts'

/** Starts the web app. The result throws in a page and returns the response and the log line. */
async function start(t: Test) {
  const fixture = newFixture()
  const app = await buildApp(t, await TestIssuer.start(t), {
    environment: webApp,
    extend: fixturePages(fixture),
    expectsErrors: true,
  })
  return async (value: unknown) => {
    fixture.thrown = value
    const { statusCode, headers, body } = await app.inject('/throws')
    const log = app.logLines.findLast(({ msg }) => /^request (failed|refused)$/.test(msg))
    return { status: statusCode, headers, body, log }
  }
}

t.test('a catalogue error becomes a page with its status, headers and public message', async (t) => {
  const thrown = await start(t)
  const error = new ServiceError(tokenErrors.issuerUnavailable, { detail: 'secret', retryAfterSeconds: 7 })
  const { status, headers, body, log } = await thrown(error)
  t.equal(status, 503)
  t.match(headers, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'retry-after': '7',
  })
  t.match(body, /<title>Temporarily unavailable - Gatehouse<\/title>/)
  t.match(body, />503</)
  t.match(body, /<h1>Temporarily unavailable<\/h1>/)
  t.match(body, /<p>The identity provider cannot be reached\.<\/p>/)
  t.match(body, /<a class="button" href="\/">/)
  t.notMatch(body, /secret/)
  t.match(log, { level: 40, code: 'issuer_unavailable', detail: 'secret' })
})

t.test('every error page shows the public message as a sentence', async (t) => {
  const thrown = await start(t)
  const { notFound, internalError, ...others } = knownErrors
  for (const [name, definition] of Object.entries(others)) {
    const { statusCode, message } = definition
    const { status, body } = await thrown(new ServiceError(definition))
    t.equal(status, statusCode, name)
    t.ok(body.includes(`<p>${message.replaceAll("'", '&#39;').replace(/([^.])$/, '$1.')}</p>`), name)
  }
})

t.test('the page of a failed login links to a new login', async (t) => {
  const thrown = await start(t)
  const loginLink = /<a class="button" href="\/login">Log In<\/a>\s+<a class="button plain" href="\/">/
  for (const error of [loginErrors.failed, loginErrors.denied, loginErrors.unknownTransaction])
    t.match((await thrown(new ServiceError(error))).body, loginLink)
  t.notMatch((await thrown(new ServiceError(httpErrors.badRequest))).body, loginLink)
})

t.test('any other thrown value is a 500 without details, which are in the log', async (t) => {
  const thrown = await start(t)
  for (const value of [new Error('the password is secret'), 'secret text', undefined]) {
    const { status, body, log } = await thrown(value)
    t.equal(status, 500)
    t.match(body, /<h1>Something went wrong<\/h1>/)
    t.notMatch(body, /secret|Error:|\.ts/)
    t.match(log, { level: 50, msg: 'request failed' })
    if (value) t.match(JSON.stringify(log), /secret/)
  }
})

t.test('errors of Fastify keep their status', async (t) => {
  const thrown = await start(t)
  const fault = { statusCode: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE' }
  const { status, body } = await thrown(Object.assign(new Error('inner text'), fault))
  t.equal(status, 413)
  t.match(body, /larger than 64 KiB/)
  t.notMatch(body, /inner text/)
})

t.test('an unknown path', async (t) => {
  const fixture = newFixture()
  const app = await buildApp(t, await TestIssuer.start(t), {
    environment: { ...webApp, CLIENT_ORIGIN_URL: 'https://app.example' },
    extend: fixturePages(fixture),
  })
  const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  const notFound = { statusCode: 404, code: 'not_found', error: 'Not Found', message: 'Not Found' }

  t.test('is a page to browsers, with the content security policy of pages', async (t) => {
    for (const url of [
      '/nowhere',
      '/profile/more',
      '/apis',
      '/todo-list', // part: todos
      '/assets/x/y',
      '/docs/x',
      '/nowhere?a',
    ]) {
      const { statusCode, headers, body } = await app.inject({ url, headers: { accept } })
      t.equal(statusCode, 404, url)
      t.match(headers, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': /script-src 'self'/,
        'cache-control': 'no-store',
        vary: /Accept/,
      })
      t.match(body, /<h1>Page not found<\/h1>/)
      t.notMatch(body, /aria-current/)
    }
  })

  t.test('is JSON to other clients', async (t) => {
    for (const accepting of [{}, { accept: '*/*' }, { accept: 'application/json' }]) {
      const { statusCode, headers, json } = await app.inject({ url: '/nowhere', headers: accepting })
      t.equal(statusCode, 404)
      t.strictSame(json(), notFound)
      t.equal(headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'")
    }
  })

  const type = async (accept: string) =>
    (await app.inject({ url: '/nowhere', headers: { accept } })).headers['content-type']?.toString()

  t.test('is a page to clients that prefer HTML to JSON', async (t) => {
    for (const accept of [
      'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
      'text/html',
      'TEXT/HTML; charset=utf-8',
      'text/*',
      'application/json;q=0.5, text/html',
      'application/json; q=0.1 , text/html; level=1; Q=0.2',
      'application/json;q=0, */*',
      'application/*;q=0.4, */*;q=0.5',
    ]) {
      t.match(await type(accept), /^text\/html/, accept)
    }
  })

  t.test('is JSON to clients that prefer JSON or have no preference', async (t) => {
    for (const accept of [
      '',
      '*/*',
      'application/json',
      'application/*',
      'image/png',
      'text/html, application/json',
      'text/html;q=0',
      'text/html;q=0.8, */*',
      'text/html;q=x',
      ',;q=1,',
    ]) {
      t.match(await type(accept), /^application\/json/, accept)
    }
  })

  t.test('is JSON to every client below paths of the API', async (t) => {
    for (const url of [
      ...['/api', '/api/', '/api/nowhere', '/api?a'],
      '/todo/1/more', // part: todos
    ]) {
      const answer = await app.inject({ url, headers: { accept } })
      t.equal(answer.statusCode, 404, url)
      t.strictSame(answer.json(), notFound)
    }
  })

  t.test('keeps the other values of Vary', async (t) => {
    const { headers } = await app.inject({
      url: '/nowhere',
      headers: { accept, origin: 'https://app.example' },
    })
    t.equal(headers.vary, 'Origin, Accept')
  })
})

t.test('without the web app an unknown path is JSON to browsers too', async (t) => {
  const app = await buildApp(t, await TestIssuer.start(t))
  const { statusCode, headers } = await app.inject({ url: '/nowhere', headers: { accept: 'text/html' } })
  t.equal(statusCode, 404)
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
})
