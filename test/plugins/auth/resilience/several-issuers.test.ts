import t, { type Test } from 'tap'
import { bearer, listen } from '../../../helpers/app.ts'
import { TestIssuer } from '../../../helpers/issuer.ts'

async function start(t: Test) {
  const [well, ill] = [await TestIssuer.start(t), await TestIssuer.start(t)]
  const app = await listen(t, well, { environment: { AUTH0_DOMAIN: `${well.url},${ill.url}` } })
  const status = async (token: string) =>
    (await fetch(`${app.url}/api/private`, { headers: bearer(token) })).status
  return { well, ill, status }
}

t.test('an issuer that is unavailable from the start is 503 for its own tokens only', async (t) => {
  const { well, ill, status } = await start(t)
  const token = await ill.sign()
  await ill.stop()
  t.equal(await status(token), 503)
  t.equal(await status(await well.sign()), 200)
  await well.addKey('key-2')
  t.equal(await status(await well.sign()), 200, 'a new key of the other at once')
})

t.test('while one issuer hangs, the tokens of the other are not delayed', async (t) => {
  const { well, ill, status } = await start(t)
  let release = () => {}
  ill.hold = new Promise((resolve) => {
    release = resolve
  })
  const waiting = status(await ill.sign())
  t.equal(await status(await well.sign()), 200)
  release()
  t.equal(await waiting, 200)
})

t.test('invented kids of one issuer do not delay a new key of the other', async (t) => {
  const { well, ill, status } = await start(t)
  for (const issuer of [well, ill]) t.equal(await status(await issuer.sign()), 200)
  t.equal(await status(await ill.sign({}, { kid: 'invented' })), 401)
  await well.addKey('key-2')
  t.equal(await status(await well.sign()), 200)
})

t.test('the same kid at two issuers means two keys', async (t) => {
  const { well, ill, status } = await start(t)
  for (const issuer of [well, ill]) t.equal(await status(await issuer.sign()), 200)
  t.equal(await status(await ill.sign({ iss: well.url })), 401)
})
