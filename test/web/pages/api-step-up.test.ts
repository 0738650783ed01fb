import type { RequestListener } from 'node:http'
import t, { type Test } from 'tap'
import { moveClock } from '../../helpers/clock.ts'
import { otherApi } from '../../helpers/other-api.ts'
import type { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startLogin, startWithIssuer } from '../../helpers/web-issuer.ts'

const STEP_UP = 'gatehouse-step-up'
const user = { id: 1, subject: 'one', email: null, name: '<b>One</b>', createdAt: '2026-11-21T10:00:00.000Z' }
const deletion = { method: 'POST', body: new URLSearchParams({ action: 'delete', confirmation: 'one' }) }

/** Answers each request as the API does for a user who has nothing. */
const accept: RequestListener = ({ url = '' }, response) => {
  const body = /\/count$/.test(url) ? { count: 0 } : /\/\d+$/.test(url) ? user : []
  response.end(JSON.stringify(body))
}

const refuse: RequestListener = (_request, response) => {
  const challenge = 'Bearer realm="api", error="insufficient_user_authentication", max_age="60"'
  const body = { code: 'insufficient_user_authentication', message: 'A stronger log-in is required' }
  response.writeHead(401, { 'www-authenticate': challenge }).end(JSON.stringify(body))
}

/** Starts the web app, and an API that requires a recent login. */
async function start(t: Test) {
  const api = await otherApi(t)
  api.answer = refuse
  const { web, url, app } = await startWithIssuer(t, { API_SERVER_URL: api.url })
  return { api, web, url, app, browser: await loggedInAt({ url }, web) }
}

/** Follows a link to the login. @returns the authorization request, which asks for the age of the challenge */
async function logInAt(t: Test, browser: WebBrowser, url: string, path: string): Promise<URL> {
  const request = await startLogin(browser, url, path)
  t.equal(request.searchParams.get('max_age'), '60', path)
  return request
}

t.test('pages whose API requires another login redirect to it and back, with their query', async (t) => {
  const { api, web, url, browser } = await start(t)
  for (const page of ['/admin/users?search=a%20b&cursor=2', '/admin/users/1', '/admin/audit']) {
    const { status, headers } = await browser.visit(`${url}${page}`)
    t.strictSame(
      [status, headers.get('location'), headers.get('cache-control')],
      [302, `/login?returnTo=${encodeURIComponent(page)}`, 'no-store'],
    )
    const request = await logInAt(t, browser, url, `${headers.get('location')}`)
    web.idClaims = { auth_time: Math.floor(Date.now() / 1000) }
    t.equal((await browser.visit(web.callback(request))).headers.get('location'), page)

    api.answer = accept
    t.equal((await browser.visit(`${url}${page}`)).status, 200)
    t.notOk(browser.cookies(url).has(STEP_UP), 'used up')
    api.answer = refuse
  }
})

t.test('a second challenge in a row shows the refusal, and the next view may try again', async (t) => {
  const { web, url, browser } = await start(t)
  const first = await browser.visit(`${url}/admin/audit`, { method: 'HEAD' })
  const request = await logInAt(t, browser, url, `${first.headers.get('location')}`)
  web.idClaims = { auth_time: Math.floor(Date.now() / 1000) }
  await browser.visit(web.callback(request))
  const { status, text } = await browser.visit(`${url}/admin/audit`)
  t.equal(status, 401)
  t.match(text, 'A stronger log-in is required.')
  t.notMatch(text, '/login?returnTo')
  t.equal((await browser.visit(`${url}/admin/audit`)).status, 302)
})

t.test('a page whose address is too long for the login shows the refusal', async (t) => {
  const { url, browser } = await start(t)
  const { status, text } = await browser.visit(`${url}/admin/users?search=${'a'.repeat(600)}`)
  t.equal(status, 401)
  t.match(text, 'A stronger log-in is required.')
})

t.test('a form is not sent again: a page says so, shows the fields and links to the login', async (t) => {
  const { api, web, url, app, browser } = await start(t)
  api.answer = (request, response) =>
    request.method === 'GET' ? accept(request, response) : refuse(request, response)
  const { status, text } = await browser.visit(`${url}/admin/users/1`, deletion)
  t.equal(status, 401)
  t.match(text, 'Nothing was changed. Log in again, then send the form once more.')
  t.match(
    text,
    '<span class="code-name">&quot;confirmation&quot;</span>: <span class="code-string">&quot;one&quot;',
  )
  t.match(text, '<a class="button" href="/login?returnTo=%2Fadmin%2Fusers%2F1">Log In</a>')
  const logged = app.logLines.findLast(({ msg }) => msg === 'request rejected')
  t.equal(logged?.detail, 'DELETE /api/users/1: 401')

  moveClock(t).set(300_000)
  t.equal((await browser.visit(`${url}/profile`)).status, 200)
  const request = await logInAt(t, browser, url, '/login?returnTo=%2Fadmin%2Fusers%2F1')
  web.idClaims = { auth_time: Math.floor(Date.now() / 1000) }
  t.equal((await browser.visit(web.callback(request))).headers.get('location'), '/admin/users/1')
  api.answer = accept
  t.equal((await browser.visit(`${url}/admin/users/1`)).status, 200)
  const others = api.seen.map(({ method }) => method).filter((method) => method !== 'GET')
  t.strictSame(others, ['DELETE'], 'the form was not sent again')

  const accepted = await browser.visit(`${url}/admin/users/1`, deletion)
  t.strictSame([accepted.status, accepted.headers.get('location')], [303, '/admin/users'])
})
