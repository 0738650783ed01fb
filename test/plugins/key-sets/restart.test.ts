import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { bearer } from '../../helpers/app.ts'
import { TestIssuer } from '../../helpers/issuer.ts'
import { required, start } from '../../helpers/process.ts'

t.test('a killed service that starts while its issuer is down accepts tokens of known keys', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-')) // start() empties the folder of the test
  t.teardown(() => rmSync(folder, { recursive: true }))
  const issuer = await TestIssuer.start(t)
  const environment = { ...required, AUTH0_DOMAIN: issuer.url, DATABASE_URL: `file:${folder}/test.db` }
  const run = async (STATE_SECRET: string) => {
    const { child, ended, listening, logged } = start(t, { environment: { ...environment, STATE_SECRET } })
    const url = await listening()
    const kill = () => {
      child.kill('SIGKILL')
      return ended
    }
    const status = async (token: string) =>
      (await fetch(`${url}/api/private`, { headers: bearer(token) })).status
    return { kill, status, logged }
  }
  const [secret, another] = ['a-secret-of-the-tests-for-the-state', 'another-secret-of-the-tests-of-state']
  const [token, withdrawn] = [await issuer.sign(), await issuer.sign()]

  const first = await run(secret)
  t.equal(await first.status(token), 200)
  await new Promise((resolve) => setTimeout(resolve, 200)) // the keys are saved in the background
  await first.kill()
  await issuer.stop()

  const second = await run(secret)
  t.equal(await second.status(token), 200)
  await second.kill()
  const other = await run(another)
  t.equal(await other.status(token), 503, 'with another secret')
  await other.kill()

  await issuer.listen()
  issuer.removeKey('key-1')
  await issuer.addKey('key-2')
  const third = await run(secret)
  await third.logged('key set fetched')
  t.equal(await third.status(withdrawn), 401)
  t.equal(await third.status(await issuer.sign()), 200)
})
