import t from 'tap'
import { loggedIn, sessionCookie, startWebApp } from '../../helpers/web-app.ts'
import type { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startWithIssuer } from '../../helpers/web-issuer.ts'

const post = (end: string) => ({ method: 'POST', body: new URLSearchParams({ end }) })
const rows = (html: string) => html.match(/id="session-/g)?.length
const isLoggedIn = async (browser: WebBrowser, url: string) =>
  (await browser.visit(`${url}/profile`)).status === 200
const hashes = (html: string) =>
  [...html.matchAll(/name="end" value="([\w-]{43})"/g)].map(([, hash = '']) => hash)

t.test('a user sees the own sessions, this one marked, and ends one or all others', async (t) => {
  const { url } = await startWebApp(t)
  const [here, phone, tablet, stranger] = [
    await loggedIn(url, 'member'),
    await loggedIn(url, 'member'),
    await loggedIn(url, 'member'),
    await loggedIn(url, 'reader'),
  ]
  const { text } = await here.visit(`${url}/sessions`)
  t.equal(rows(text), 3)
  t.equal(text.match(/\(this browser\)/g)?.length, 1)
  t.match(text, /Since <time datetime="[\d-]+T[\d:]+Z">[\d-]+ [\d:]+ UTC</)
  t.notOk(text.includes(sessionCookie(here, url) ?? ''))
  const others = hashes(text)
  t.equal(others.length, 2)

  await stranger.visit(`${url}/sessions`, post(others[0] ?? ''))
  t.ok(await isLoggedIn(phone, url), 'another user cannot end it')
  const ended = await here.visit(`${url}/sessions`, post(others[0] ?? ''))
  t.strictSame([ended.status, ended.headers.get('location')], [303, '/sessions'])
  t.equal(rows((await here.visit(`${url}/sessions`)).text), 2)
  await here.visit(`${url}/sessions`, post(others[0] ?? ''))
  await here.visit(`${url}/sessions`, post('others'))
  t.strictSame([await isLoggedIn(phone, url), await isLoggedIn(tablet, url)], [false, false])
  t.match((await here.visit(`${url}/sessions`)).text, 'You are not signed in anywhere else.')
  t.ok(await isLoggedIn(stranger, url))
  t.equal((await phone.visit(`${url}/sessions`)).headers.get('location'), '/login?returnTo=%2Fsessions')
  const forged = { ...post('others'), headers: { 'sec-fetch-site': 'cross-site' } }
  t.equal((await here.visit(`${url}/sessions`, forged)).status, 403)
})

t.test('a session names its browser, and cannot end itself', async (t) => {
  const { url, web, app } = await startWithIssuer(t)
  const browser = await loggedInAt({ url }, web)
  const { text } = await browser.visit(`${url}/sessions`)
  t.match(text, 'Another browser')
  const [{ idHash, contents } = { idHash: '', contents: '' }] = await app.store
    .selectFrom('sessions')
    .select(['id_hash as idHash', 'contents'])
    .execute()
  t.notMatch(contents, 'Another')
  await browser.visit(`${url}/sessions`, post(idHash))
  t.ok(await isLoggedIn(browser, url))
  await app.store.updateTable('sessions').set({ id_hash: 'copied' }).execute()
  t.notOk(await isLoggedIn(browser, url))
  const again = await loggedInAt({ url }, web)
  t.equal(rows((await again.visit(`${url}/sessions`)).text), 2, 'also one that cannot be opened')
})
