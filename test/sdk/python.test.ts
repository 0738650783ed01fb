import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import { npmStart } from '../dev/helpers/npm-start.ts'
import { api } from '../dev/helpers/tenant.ts'
import { inBrowser } from '../helpers/browser.ts'
import { freePort } from '../helpers/free-port.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(import.meta.dirname, 'python')

/** Debian's, which sees the packages of Debian. */
const python = '/usr/bin/python3'

/** Without the Python packages the test is skipped visibly; in CI it fails. */
function skipsWithoutPackages(t: Test): boolean {
  const { status, stderr, error } = spawnSync(python, ['-c', 'import django, authlib, requests, jose'])
  if (status === 0) return false
  const reason = error?.message ?? String(stderr).trim().split('\n').at(-1)
  if (process.env.CI) throw new Error(reason)
  t.pass('', { skip: `no Python packages: ${reason}` })
  return true
}

/** The service and the tenant with TLS, and the environment of a Python program for them. */
async function startForPython(t: Test) {
  const { env, url, tenantPort } = await npmStart(t, { TENANT_TLS: '1' })
  const caFile = `${env.TENANT_DATA}/ca.pem`
  const python = {
    PATH: process.env.PATH,
    AUTH0_DOMAIN: `localhost:${tenantPort}`,
    AUTH0_AUDIENCE: api,
    REQUESTS_CA_BUNDLE: caFile,
    SSL_CERT_FILE: caFile,
    PYTHONDONTWRITEBYTECODE: '1',
  }
  return { env, url, python }
}

t.test('each way of the tutorials verifies a token, and rejects a changed one', async (t) => {
  if (skipsWithoutPackages(t)) return
  const { env, python: environment } = await startForPython(t)
  const scope = 'openid read:messages'
  const args = ['run', '--silent', 'token', '--', '--user', 'admin@example.com', '--scope', scope]
  const run = promisify(execFile)
  const token = (await run('npm', args, { cwd: root, env })).stdout.trim()
  const verify = async (token: string) => {
    const { stdout } = await run(python, [join(folder, 'verify.py'), token], { env: environment })
    return JSON.parse(stdout)
  }
  const { sub } = decodeJwt(token)
  t.strictSame(await verify(token), { by_first_certificate: sub, by_key_id: sub, by_userinfo: sub })
  const [header, payload, signature = ''] = token.split('.')
  const changed = [header, payload, (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1)].join('.')
  t.strictSame(await verify(changed), { by_first_certificate: null, by_key_id: null, by_userinfo: null })
})

inBrowser(t, 'a Django application with Authlib logs in, calls the API and logs out', async (t, browser) => {
  if (skipsWithoutPackages(t)) return
  const { url: serviceUrl, python: environment } = await startForPython(t)
  const address = `127.0.0.1:${await freePort()}`
  const django = spawn(python, [join(folder, 'app.py'), address], {
    env: {
      ...environment,
      AUTH0_CLIENT_ID: 'gatehouse-web',
      AUTH0_CLIENT_SECRET: 'gatehouse-web-secret',
      API_URL: serviceUrl,
      PYTHONUNBUFFERED: '1',
    },
  })
  t.teardown(() => django.kill('SIGKILL'))
  django.stderr.resume()
  await once(django.stdout, 'data') // its first line comes before it listens
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
  const open = () => page.goto(`http://${address}/`)
  while (!(await open().catch(() => undefined))) await page.waitForTimeout(100)

  await page.getByRole('link', { name: 'Log in' }).click()
  await page.getByLabel('Email address').fill('admin@example.com')
  await page.getByLabel('Password').fill('admin-password')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.locator('#state', { hasText: 'admin@example.com' }).waitFor({ timeout: 20_000 })

  const response = await page.goto(`http://${address}/messages`)
  t.equal(response?.status(), 200)
  t.match(await response?.json(), { text: 'This is an admin message.' })

  await open()
  await page.getByRole('link', { name: 'Log out' }).click()
  await page.locator('#state', { hasText: 'logged out' }).waitFor({ timeout: 20_000 })
  t.equal(page.url(), `http://${address}/`)
  await page.getByRole('link', { name: 'Log in' }).click()
  await page.getByLabel('Password').waitFor({ timeout: 20_000 })
})
