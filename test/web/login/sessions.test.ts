import t from 'tap'
import type { Store } from '../../../src/plugins/store/schema.ts'
import { requireSession } from '../../../src/web/login/sessions.ts'
import { moveClock } from '../../helpers/clock.ts'
import { onEachDatabase, prepare } from '../../helpers/database.ts'
import { SECRET, sessionCookie } from '../../helpers/web-app.ts'
import type { WebBrowser } from '../../helpers/web-browser.ts'
import { loggedInAt, startWithIssuer } from '../../helpers/web-issuer.ts'

const HOUR = 3_600_000

function rows(store: Store) {
  return store.selectFrom('sessions').selectAll().execute()
}

async function isLoggedIn(browser: WebBrowser, url: string): Promise<boolean> {
  return (await browser.visit(`${url}/profile`)).status === 200
}

onEachDatabase(t, 'a session ends 24 hours after the last page view', async (t, DATABASE_URL) => {
  await prepare(DATABASE_URL)
  const { url, web } = await startWithIssuer(t, { DATABASE_URL })
  const clock = moveClock(t)
  const [busy, idle] = [await loggedInAt({ url }, web), await loggedInAt({ url }, web)]
  clock.set(23.9 * HOUR)
  t.ok(await isLoggedIn(busy, url))
  clock.set(24.1 * HOUR)
  t.ok(await isLoggedIn(busy, url))
  t.notOk(await isLoggedIn(idle, url))
})

onEachDatabase(t, 'a session ends 14 days after the login, even if it is in use', async (t, DATABASE_URL) => {
  await prepare(DATABASE_URL)
  const { url, web } = await startWithIssuer(t, { DATABASE_URL })
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  for (let hours = 20; hours < 14 * 24; hours += 20) {
    clock.set(hours * HOUR)
    t.ok(await isLoggedIn(browser, url), `after ${hours} hours`)
  }
  clock.set((14 * 24 + 0.1) * HOUR)
  t.notOk(await isLoggedIn(browser, url))
})

t.test('page views write to the database once in five minutes at most', async (t) => {
  const { url, web, app } = await startWithIssuer(t)
  const clock = moveClock(t)
  const browser = await loggedInAt({ url }, web)
  const [before] = await rows(app.store)
  clock.set(4 * 60_000)
  t.ok(await isLoggedIn(browser, url))
  t.strictSame(await rows(app.store), [before])
  clock.set(6 * 60_000)
  t.ok(await isLoggedIn(browser, url))
  t.not((await rows(app.store))[0]?.expires_at, before?.expires_at)
})

onEachDatabase(t, 'the database contains no readable part of a session', async (t, DATABASE_URL) => {
  await prepare(DATABASE_URL)
  const { url, web, app } = await startWithIssuer(t, { DATABASE_URL })
  web.accessClaims = { sub: 'auth0|1', marker: 'of-the-access-token' }
  const browser = await loggedInAt({ url }, web)
  t.match((await browser.visit(`${url}/protected`)).text, 'This is a protected message.')
  const [row] = await rows(app.store)
  t.match(row, { sid: 'session-1', revision: 0, refresh_until: null })
  const contents = String(row?.contents)
  const session = (await app.login.sessions.find(sessionCookie(browser, url) ?? '', Date.now()))?.contents
  const texts = [JSON.stringify(row), Buffer.from(contents, 'base64url').toString('latin1')]
  const used = await app.store.selectFrom('replay_guard').selectAll().execute()
  for (const secret of [
    sessionCookie(browser, url),
    session?.accessToken,
    session?.idToken,
    session?.refreshToken,
    'one@example.com',
    'Number One',
    SECRET,
    ...(session?.accessToken.split('.') ?? []),
  ]) {
    t.ok(secret)
    for (const text of [...texts, JSON.stringify(used)]) t.notOk(text.includes(String(secret)))
  }
})

t.test('a manipulated session cookie opens no session', async (t) => {
  const { url, web, app } = await startWithIssuer(t)
  const browser = await loggedInAt({ url }, web)
  const id = sessionCookie(browser, url) ?? ''
  const [row] = await rows(app.store)
  for (const value of [
    id.slice(0, -1),
    `${id}A`,
    `${id[0] === 'A' ? 'B' : 'A'}${id.slice(1)}`,
    id.toUpperCase(),
    'x'.repeat(10_000),
    '%00',
    "' or 1=1 --",
    String(row?.id_hash),
    String(row?.contents).slice(0, 500),
  ]) {
    browser.cookies(url).set('gatehouse-session', value)
    t.notOk(await isLoggedIn(browser, url), value.slice(0, 50))
  }
  browser.cookies(url).set('gatehouse-session', id)
  t.ok(await isLoggedIn(browser, url))
})

t.test('contents that were changed or copied from another row do not open', async (t) => {
  const { url, web, app } = await startWithIssuer(t)
  const [one, other] = [await loggedInAt({ url }, web), await loggedInAt({ url }, web)]
  const [first, second] = await rows(app.store)
  const put = (contents: unknown) =>
    app.store
      .updateTable('sessions')
      .set({ contents: String(contents) })
      .where('id_hash', '=', String(first?.id_hash))
      .execute()
  const loggedIn = async () =>
    [await isLoggedIn(one, url), await isLoggedIn(other, url)].filter(Boolean).length
  t.equal(await loggedIn(), 2)
  await put(second?.contents)
  t.equal(await loggedIn(), 1)
  await put(`A${first?.contents.slice(1)}A`)
  t.equal(await loggedIn(), 1)
  await put(first?.contents)
  t.equal(await loggedIn(), 2)
})

t.test('requireSession names the missing guard', async (t) => {
  t.throws(() => requireSession(null), { message: /app\.requiresLogin/ })
})
