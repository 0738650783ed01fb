import cookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { acceptForms } from '../../src/plugins/media-types.ts'
import { sendErrorPage } from '../../src/web/errors.ts'
import { moveClock } from '../helpers/clock.ts'
import { otherApi } from '../helpers/other-api.ts'
import { loggedInAt, startWithIssuer } from '../helpers/web-issuer.ts'

const post = { method: 'POST', body: new URLSearchParams({ name: 'a' }) }

/** Adds a page whose requests call the API. */
async function extend(app: FastifyInstance): Promise<void> {
  await app.register(async (pages) => {
    pages.setErrorHandler(sendErrorPage)
    await pages.register(cookie)
    pages.addHook('onRequest', pages.findSession)
    acceptForms(pages)
    const options = { preHandler: [pages.requiresLogin, pages.loadAccessToken], schema: { hide: true } }
    pages.get('/things', options, async (request, reply) => {
      await pages.callApi(request, '/things?cursor=0')
      return reply.page('home', {})
    })
    pages.post('/things', options, async (request, reply) => {
      await pages.callApi(request, '/things', { method: 'POST', body: request.body as object })
      return reply.page('home', {})
    })
  })
}

t.test('pages send the access token and JSON to the API, and show its errors', async (t) => {
  const api = await otherApi(t)
  const { url, web } = await startWithIssuer(t, { API_SERVER_URL: api.url }, { extend })
  const browser = await loggedInAt({ url }, web)
  api.answer = (_request, response) => response.end('[]')
  t.equal((await browser.visit(`${url}/things`)).status, 200)
  t.match(api.seen, [{ url: '/base/things?cursor=0', authorization: /^Bearer ey/ }])

  const answers: [number, string][] = [
    [403, JSON.stringify({ code: 'insufficient_scope', message: 'Not <b>you</b>' })],
    [409, JSON.stringify({ code: 'conflict' })],
    [400, JSON.stringify({ code: 'bad', message: 'm', validation: [{ field: 'other', message: 'm' }] })],
    [500, JSON.stringify({ code: 'internal_error', message: 'secret' })],
    [404, '<p>not JSON</p>'],
    [400, '[]'],
    [301, ''],
  ]
  const shown: [number, string][] = []
  for (const [status, body] of answers) {
    api.answer = (_request, response) => response.writeHead(status, { location: '/' }).end(body)
    const page = await browser.visit(`${url}/things`, post)
    shown.push([
      page.status,
      /<div class="column error">.*?<\/h1>\s*<p>(.*?)<\/p>/s.exec(page.text)?.[1] ?? '',
    ])
  }
  t.strictSame(shown, [
    [403, 'Not &lt;b&gt;you&lt;/b&gt;.'],
    [503, 'The API cannot be reached.'],
    [400, 'm.'],
    [503, 'The API cannot be reached.'],
    [503, 'The API cannot be reached.'],
    [503, 'The API cannot be reached.'],
    [503, 'The API cannot be reached.'],
  ])
  await api.stop()
  t.equal((await browser.visit(`${url}/things`)).status, 503)
})

t.test('a session that the issuer ends leads to the login', async (t) => {
  const { url, web } = await startWithIssuer(t, {}, { extend })
  const browser = await loggedInAt({ url }, web)
  web.isRevoked = true
  moveClock(t).set(3_600_000)
  const { status, headers } = await browser.visit(`${url}/things`, post)
  t.strictSame([status, headers.get('location')], [302, '/login?returnTo=%2Fthings'])
})
