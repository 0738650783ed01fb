import { execFile, spawn } from 'node:child_process'
import { cpSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { bearer } from '../helpers/app.ts'
import { freePort } from '../helpers/free-port.ts'
import { WebBrowser } from '../helpers/web-browser.ts' // part: web-app
import { postToken } from './helpers/tenant.ts'

const root = join(import.meta.dirname, '../..')

/** Runs `npm run dev` in a copy of the project. */
async function startDev(t: Test, environment: Record<string, string> = {}) {
  const copy = t.testdir({})
  for (const name of ['src', 'dev', 'tools', 'package.json'])
    cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const [port, tenantPort] = [await freePort(), await freePort()]
  const ports = { PORT: String(port), TENANT_PORT: String(tenantPort) }
  const env = { PATH: process.env.PATH, HOME: copy, ...ports, ...environment }
  const child = spawn(process.execPath, [join(copy, 'dev/start.ts'), '--watch'], { cwd: copy, env })
  t.teardown(async () => {
    if (child.exitCode !== null) return
    child.kill('SIGKILL')
  })
  const lines: string[] = []
  createInterface(child.stdout).on('line', (line) => lines.push(line))
  createInterface(child.stderr).on('line', (line) => lines.push(line))
  const url = `http://localhost:${port}`
  const tenant = {
    issuer: `http://localhost:${tenantPort}/`,
    port: tenantPort,
    useKeys: () => {},
    close: async () => {},
  }
  const write = (name: string, text: string) => writeFileSync(join(copy, 'src/routes', name), text)
  const run = (name: string) => promisify(execFile)(process.execPath, [join(copy, name)], { cwd: copy, env })
  return { child, url, tenant, write, lines, run }
}

/** Repeats a request until the service responds with the status. */
async function until(url: string, status: number, headers: Record<string, string> = {}): Promise<number> {
  const begin = performance.now()
  for (;;) {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
    if (response?.status === status) return performance.now() - begin
    await delay(20)
  }
}

const machine = {
  grant_type: 'client_credentials',
  audience: 'https://quickstarts/api',
  client_id: 'gatehouse-test',
  client_secret: 'gatehouse-test-secret',
}

const route = (path: string, scope: string) => `
export default async (app) => {
  app.get('${path}', { preHandler: app.requiresScope('${scope}') }, async () => 'ok')
}
`

t.test(
  'npm run dev restarts the service after a change; tokens, logins and the tenant survive',
  async (t) => {
    const { child, url, tenant, write, lines } = await startDev(t)
    await until(`${url}/livez`, 200)
    const { body } = await postToken(tenant, machine)
    const before = bearer(String(body.access_token))
    // part: web-app
    const browser = new WebBrowser()
    await browser.open(`${url}/login`)
    await browser.submit({ username: 'reader@example.com', password: 'reader-password' })
    t.equal((await browser.open(`${url}/profile`)).status, 200)
    // end

    write('things.ts', route('/things', 'read:things'))
    const elapsedMs = await until(`${url}/things`, 403, before)
    t.comment(`${Math.round(elapsedMs)} ms from the change to the response`)
    t.equal((await fetch(`${url}/api/private`, { headers: before })).status, 200)
    // part: web-app
    const profile = await browser.open(`${url}/profile`)
    t.equal(profile.status, 200)
    t.match(profile.text, 'reader@example.com')
    // end

    let scope = ''
    while (scope !== 'read:things') {
      scope = (await postToken(tenant, { ...machine, scope: 'read:things' })).body.scope ?? ''
      await delay(20)
    }

    write('things.ts', "export default async (app) => app.get('/things', async () => 'ok')\n")
    while (!lines.some((line) => line.includes('does not say who may call it'))) await delay(20)
    write('things.ts', route('/others', 'read:things'))
    await until(`${url}/others`, 403, before)

    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
    await t.rejects(fetch(`${url}/livez`))
    await t.rejects(fetch(tenant.issuer))
  },
)

t.test('with TENANT_TLS=1 the service of npm run dev trusts the tenant', async (t) => {
  const { url, run } = await startDev(t, { TENANT_TLS: '1' })
  await until(`${url}/livez`, 200)
  const { stdout } = await run('dev/token.ts')
  await until(`${url}/api/private`, 200, bearer(stdout.trim()))
})
