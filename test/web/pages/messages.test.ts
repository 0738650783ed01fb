import type { RequestListener } from 'node:http'
import t from 'tap'
import { TIMEOUT_MS } from '../../../src/web/api-message.ts'
import { moveClock } from '../../helpers/clock.ts'
import { otherApi } from '../../helpers/other-api.ts'
import { listenAsWebApp, loggedIn, startWebApp } from '../../helpers/web-app.ts'
import { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startWithIssuer, WebIssuer } from '../../helpers/web-issuer.ts'

t.test('pages show the response of the API to the user', async (t) => {
  const { url } = await startWebApp(t)
  const visitor = new WebBrowser()
  const [admin, member] = [await loggedIn(url, 'admin'), await loggedIn(url, 'member')]
  const text = async (browser: WebBrowser, path: string) => {
    const { status, text } = await browser.visit(`${url}${path}`)
    t.equal(status, 200, path)
    return text
  }
  for (const browser of [visitor, member])
    t.match(await text(browser, '/public'), 'This is a public message.')
  t.match(await text(member, '/protected'), 'This is a protected message.')
  t.match(await text(admin, '/admin'), 'This is an admin message.')
  const rejection = await text(member, '/admin')
  t.match(rejection, '403 Forbidden')
  t.match(rejection, 'insufficient_permissions')
  for (const path of ['/protected', '/admin'])
    t.equal(
      (await visitor.visit(`${url}${path}`)).headers.get('location'),
      `/login?returnTo=%2F${path.slice(1)}`,
    )
})

t.test('another API_SERVER_URL gets the access token from guarded pages only', async (t) => {
  const api = await otherApi(t)
  const { url, web } = await startWithIssuer(t, { API_SERVER_URL: `${api.url}/` })
  const browser = await loggedInAt({ url }, web)
  api.answer = (_request, response) => response.end('{"text":"<b>from elsewhere</b>"}')
  for (const path of ['/public', '/protected', '/admin'])
    t.match((await browser.visit(`${url}${path}`)).text, 'from elsewhere')
  t.match(api.seen, [
    { url: '/base/api/messages/public', authorization: undefined },
    { url: '/base/api/messages/protected', authorization: /^Bearer ey/ },
    { url: '/base/api/messages/admin', authorization: /^Bearer ey/ },
  ])
  t.equal(api.seen[0]?.authorization, undefined)
})

t.test('whatever the API does, the page is shown and describes it', async (t) => {
  const api = await otherApi(t)
  const { url, web, app } = await startWithIssuer(t, { API_SERVER_URL: api.url })
  const browser = await loggedInAt({ url }, web)
  const notJson = 'The API did not answer with JSON.'
  const unreachable = 'The API cannot be reached.'
  const cases: Record<string, [sentence: string, answer: RequestListener]> = {
    'an error': ['&quot;no&quot;', (_request, response) => response.writeHead(418).end('{"code":"no"}')],
    'an unknown status': [': 499<', (_request, response) => response.writeHead(499).end('{}')],
    'an error with a page': [notJson, (_request, response) => response.writeHead(500).end('<h1>Oops</h1>')],
    HTML: [
      notJson,
      (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    ],
    'an empty answer': [notJson, (_request, response) => response.writeHead(204).end()],
    'a redirect': [
      unreachable,
      (_request, response) => response.writeHead(302, { location: 'https://evil.example' }).end(),
    ],
    'a flood': [unreachable, (_request, response) => response.end(`"${'x'.repeat(1_100_000)}"`)],
    'a broken connection': [unreachable, (request) => request.socket.destroy()],
    silence: [unreachable, () => {}],
  }
  for (const [circumstance, [sentence, answer]] of Object.entries(cases)) {
    api.answer = answer
    const { status, text } = await browser.visit(`${url}/protected`)
    t.equal(status, 200, circumstance)
    t.match(text, sentence, circumstance)
    t.notMatch(text, 'Oops')
  }
  await api.stop()
  t.match((await browser.visit(`${url}/public`)).text, unreachable)
  t.ok(app.logLines.some(({ msg }) => msg === 'message not fetched from the API'))
  t.notMatch(JSON.stringify(app.logLines), 'Bearer ey')
  t.ok(TIMEOUT_MS <= 4_000)
})

t.test('the error response to an access token of another API is shown', async (t) => {
  const web = await WebIssuer.start(t)
  web.accessClaims = { aud: 'https://another.api' }
  const app = await listenAsWebApp(t, web.issuer)
  const browser = await loggedInAt(app, web)
  const { status, text } = await browser.visit(`${app.url}/protected`)
  t.equal(status, 200)
  t.match(text, '401 Unauthorized')
  t.match(text, 'incorrect claims, please check the audience and issuer')
})

t.test('a database failure during a refresh is a 500', async (t) => {
  const { url, web, app } = await startWithIssuer(t, {}, { expectsErrors: true })
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  const hold = Promise.withResolvers<void>()
  web.hold = hold.promise
  clock.set(3_600_000)
  const page = browser.visit(`${url}/protected`)
  while (web.refreshes === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  await app.store.schema.alterTable('sessions').renameTo('gone').execute()
  hold.resolve()
  t.equal((await page).status, 500)
})
