import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { bearer } from '../helpers/app.ts'
import { freePort } from '../helpers/free-port.ts'
import { Scrape } from '../helpers/metrics.ts'
import { WebBrowser } from '../helpers/web-browser.ts'
import { loggedInAt, startLogin, startWithIssuer } from '../helpers/web-issuer.ts'

async function startWeb(t: Test) {
  const port = await freePort()
  const service = await startWithIssuer(t, { METRICS_PORT: String(port) })
  const logins = async () => (await Scrape.of(port)).byLabel('gatehouse_logins_total', 'result')
  const sessions = async () => {
    const scrape = await Scrape.of(port)
    const ended = scrape.byLabel('gatehouse_sessions_ended_total', 'reason')
    return { begun: scrape.sum('gatehouse_sessions_begun_total'), ...ended }
  }
  return { ...service, port, logins, sessions }
}

t.test('logins are counted by result', async (t) => {
  const { url, web, port, logins } = await startWeb(t)
  t.equal((await Scrape.of(port)).sum('gatehouse_module_enabled', { module: 'web_app' }), 1)
  t.strictSame(await logins(), { succeeded: 0, failed: 0, unavailable: 0 })
  await loggedInAt({ url }, web)
  await new WebBrowser().visit(`${url}/callback?state=unknown`)
  t.strictSame(await logins(), { succeeded: 1, failed: 1, unavailable: 0 })
  const browser = new WebBrowser()
  const request = await startLogin(browser, url)
  web.issuer.token = (_request, response) => void response.writeHead(500).end()
  t.equal((await browser.visit(web.callback(request))).status, 503)
  t.strictSame(await logins(), { succeeded: 1, failed: 1, unavailable: 1 })
})

t.test('sessions are counted when they begin, and by reason when they end', async (t) => {
  const { url, web, sessions } = await startWeb(t)
  const none = { begun: 0, logout: 0, replaced: 0, refresh_rejected: 0, issuer: 0, user: 0, admin: 0 }
  t.strictSame(await sessions(), none)
  const browser = await loggedInAt({ url }, web)
  await browser.visit(web.callback(await startLogin(browser, url)))
  t.strictSame(await sessions(), { ...none, begun: 2, replaced: 1 })
  await browser.visit(`${url}/logout`)
  t.strictSame(await sessions(), { ...none, begun: 2, replaced: 1, logout: 1 })

  await loggedInAt({ url }, web)
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const claims = { aud: 'gatehouse-web', azp: undefined, jti: randomUUID(), events }
  const token = await web.issuer.sign(claims, { typ: 'logout+jwt' })
  const body = new URLSearchParams({ logout_token: token })
  t.equal((await fetch(`${url}/backchannel-logout`, { method: 'POST', body })).status, 200)
  t.strictSame(await sessions(), { ...none, begun: 3, replaced: 1, logout: 1, issuer: 1 })

  web.lifetimeSeconds = 1
  web.isRevoked = true
  const last = await loggedInAt({ url }, web)
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  await last.visit(`${url}/protected`)
  t.match(await sessions(), { begun: 4, refresh_rejected: 1 })

  web.isRevoked = false
  web.lifetimeSeconds = 3600
  const [here] = [await loggedInAt({ url }, web), await loggedInAt({ url }, web)]
  await here.visit(`${url}/sessions`, { method: 'POST', body: new URLSearchParams({ end: 'others' }) })
  t.match(await sessions(), { begun: 6, user: 1, admin: 0 })
  const admin = bearer(await web.issuer.sign({ sub: 'admin', scope: 'delete:users' }))
  await fetch(`${url}/api/users/1/sessions`, { method: 'DELETE', headers: admin })
  t.match(await sessions(), { user: 1, admin: 1 })
})

t.test('a session that the user ends in another browser is counted', async (t) => {
  const { url, web, sessions } = await startWeb(t)
  const [here] = [await loggedInAt({ url }, web), await loggedInAt({ url }, web)]
  const { text } = await here.visit(`${url}/sessions`)
  const end = /name="end" value="([\w-]{43})"/.exec(text)?.[1] ?? ''
  await here.visit(`${url}/sessions`, { method: 'POST', body: new URLSearchParams({ end }) })
  t.match(await sessions(), { begun: 2, user: 1 })
})
