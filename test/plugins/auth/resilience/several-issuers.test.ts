import t, { type Test } from 'tap'
import { bearer, listen } from '../../../helpers/app.ts'
import { TestIssuer } from '../../../helpers/issuer.ts'

/** @param prepare changes the failing issuer before its keys are fetched at the start */
async function start(t: Test, prepare: (failing: TestIssuer) => unknown = () => {}) {
  const [healthy, failing] = [await TestIssuer.start(t), await TestIssuer.start(t)]
  await prepare(failing)
  const app = await listen(t, healthy, { environment: { AUTH0_DOMAIN: `${healthy.url},${failing.url}` } })
  const status = async (token: string) =>
    (await fetch(`${app.url}/api/private`, { headers: bearer(token) })).status
  return { healthy, failing, status }
}

t.test('an issuer that is unavailable from the start is 503 for its own tokens only', async (t) => {
  const { healthy, failing, status } = await start(t, (failing) => failing.stop())
  t.equal(await status(await failing.sign()), 503)
  t.equal(await status(await healthy.sign()), 200)
  await healthy.addKey('key-2')
  t.equal(await status(await healthy.sign()), 200, 'a new key of the other issuer')
})

t.test('while one issuer hangs, the tokens of the other are not delayed', async (t) => {
  const { healthy, failing, status } = await start(t)
  let release = () => {}
  failing.hold = new Promise((resolve) => {
    release = resolve
  })
  const waiting = status(await failing.sign())
  t.equal(await status(await healthy.sign()), 200)
  release()
  t.equal(await waiting, 200)
})

t.test('invented kids of one issuer do not delay a new key of the other', async (t) => {
  const { healthy, failing, status } = await start(t)
  for (const issuer of [healthy, failing]) t.equal(await status(await issuer.sign()), 200)
  t.equal(await status(await failing.sign({}, { kid: 'invented' })), 401)
  await healthy.addKey('key-2')
  t.equal(await status(await healthy.sign()), 200)
})

t.test('the same kid at two issuers means two keys', async (t) => {
  const { healthy, failing, status } = await start(t)
  for (const issuer of [healthy, failing]) t.equal(await status(await issuer.sign()), 200)
  t.equal(await status(await failing.sign({ iss: healthy.url })), 401)
})
