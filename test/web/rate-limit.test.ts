import t from 'tap'
import { startWithIssuer } from '../helpers/web-issuer.ts'

t.test('a page beyond the rate limit does not look up a session', async (t) => {
  const { app, url } = await startWithIssuer(t, { RATE_LIMIT_MAX: '2' })
  const find = t.capture(app.login.sessions, 'find', async () => undefined)
  for (const status of [200, 200, 429, 429]) {
    t.equal((await fetch(`${url}/`, { headers: { cookie: 'gatehouse-session=x' } })).status, status)
  }
  t.equal(find().length, 2)
})
