import t from 'tap'
import { listenAsWebApp } from '../helpers/web-app.ts'
import { loggedInAt, WebIssuer } from '../helpers/web-issuer.ts'

t.test('SESSION_SECRET is rotated without a log-out, and without the old one all users log in', async (t) => {
  const web = await WebIssuer.start(t)
  const DATABASE_URL = `file:${t.testdir()}/test.db`
  const [old, next] = ['o'.repeat(32), 'n'.repeat(32)]
  const serve = (SESSION_SECRET: string, port?: number) =>
    listenAsWebApp(t, web.issuer, { environment: { DATABASE_URL, SESSION_SECRET } }, port)
  const first = await serve(old)
  const browser = await loggedInAt(first, web)
  await first.close()
  const port = Number(new URL(first.url).port)
  for (const [secret, status] of [
    [`${next},${old}`, 200],
    [next, 302],
  ] as const) {
    const app = await serve(secret, port)
    t.equal((await browser.visit(`${app.url}/profile`)).status, status)
    await app.close()
  }
})
