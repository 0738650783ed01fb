import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import type { Tenant } from '../../dev/tenant/index.ts'
import { bearer } from '../helpers/app.ts'
import { freePort } from '../helpers/free-port.ts'
import { isRunning, npmStart, spawnNpmStart } from './helpers/npm-start.ts'
import { authorizeUrl, postToken } from './helpers/tenant.ts'

const root = `${import.meta.dirname}/../..`

t.test('SIGTERM to npm start ends the service and the tenant', async (t) => {
  const { child, pid, url } = await npmStart(t)
  t.equal((await fetch(`${url}/livez`)).status, 200)
  child.kill('SIGTERM')
  while (isRunning(pid)) await delay(50)
  await t.rejects(fetch(`${url}/livez`))
})

for (const name of ['PORT', 'TENANT_PORT']) {
  t.test(`npm start names ${name} when that port is in use`, async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    t.teardown(() => other.close())
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const { stderr } = await spawnNpmStart(t, { [name]: String(port), HOST: '127.0.0.1' })
    t.match(await stderr, `port ${port} is in use: set ${name}\n`)
  })
}

t.test('npm start takes the audience and the origins of the environment, and says so', async (t) => {
  const environment = { AUTH0_AUDIENCE: 'https://my.api', CLIENT_ORIGIN_URL: 'http://localhost:5173' }
  const { url, printed } = await npmStart(t, environment)
  t.match(printed, /audience +https:\/\/my\.api\n/)
  t.match(printed, /CORS origins +http:\/\/localhost:5173\n/)
  const response = await fetch(`${url}/livez`, { headers: { origin: environment.CLIENT_ORIGIN_URL } })
  t.equal(response.headers.get('access-control-allow-origin'), environment.CLIENT_ORIGIN_URL)
})

t.test('npm start accepts the APIs of tenant.json, except those of resources of their own', async (t) => {
  const { printed } = await npmStart(t, {
    TENANT_CONFIG: `${root}/dev/tenant/tenant.example.json`,
    BASE_URL: 'http://localhost:3000/',
    AUTH0_AUDIENCE: '',
  })
  t.match(printed, /audience +https:\/\/orders\.example\.com,https:\/\/reports\.example\.com\n/)
})

t.test('with TENANT_TLS=1 the service, npm run token and npm run check trust the tenant', async (t) => {
  const { env, url, printed } = await npmStart(t, { TENANT_TLS: '1' })
  const issuer = `https://localhost:${env.TENANT_PORT}/`
  const caFile = `${env.TENANT_DATA}/ca.pem`
  t.match(printed, `local tenant   ${issuer} `)
  t.match(printed, `NODE_EXTRA_CA_CERTS=${caFile}\n`)

  const run = (...args: string[]) =>
    promisify(execFile)('npm', ['run', '--silent', ...args], { cwd: root, env: { ...env, ...issuers } })
  const issuers = { AUTH0_DOMAIN: '', AUTH0_AUDIENCE: 'https://quickstarts/api' }
  t.match(printed, /TENANT_TLS='1' .*npm run --silent token/, 'the command for another terminal')
  const token = (await run('token')).stdout.trim()
  t.equal((await fetch(`${url}/api/private`, { headers: bearer(token) })).status, 200)
  t.equal((await fetch(`${url}/api/private`, { headers: bearer(`${token}A`) })).status, 401)

  issuers.AUTH0_DOMAIN = `localhost:${env.TENANT_PORT}`
  t.match((await run('check')).stdout, `ok    issuer ${issuer}: 1 keys\n`)
  t.match((await run('tenant', 'rotate')).stdout, 'keys in its key set: 2\n')
})

t.test('npm start refuses to run in production', async (t) => {
  const { stderr } = await spawnNpmStart(t, { NODE_ENV: 'production' })
  t.match(await stderr, 'does not run with NODE_ENV=production')
})

t.test('npm run tenant says which values of its variables it expects', async (t) => {
  for (const [environment, message] of [
    [{ TENANT_TLS: 'yes' }, 'TENANT_TLS is wrong: expected 1 or 0'],
    [{ TENANT_ISSUER: 'https://tenant.test/path' }, 'TENANT_ISSUER is wrong: expected an https URL'],
    [{ TENANT_ISSUER: 'http://tenant.test/' }, 'TENANT_ISSUER is wrong: expected an https URL'],
  ] as const) {
    const env = { ...process.env, TENANT_DATA: t.testdir(), ...environment }
    const child = spawn(process.execPath, [`${root}/dev/tenant.ts`], { env })
    t.teardown(() => child.kill('SIGKILL'))
    t.match(await text(child.stderr), message)
  }
})

/** Runs `npm run tenant` of the project in an empty folder with a tenant.json. */
async function runInFolder(t: Test, settings: object) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-tenant-')) // outside the project
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'tenant.json'), JSON.stringify(settings, null, 2))
  const port = await freePort()
  // npm keeps the INIT_CWD of an npm around this test
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, TENANT_PORT: String(port) }
  const child = spawn('npm', ['--prefix', root, 'run', 'tenant'], { cwd: folder, env })
  t.teardown(() => child.kill('SIGKILL'))
  return { child, folder, tenant: { issuer: `http://localhost:${port}/` } as Tenant }
}

const [orders, reports] = ['https://orders.example.com', 'https://reports.example.com']
const settings = {
  apis: [
    { identifier: orders, permissions: ['read:orders'] },
    { identifier: reports, permissions: ['read:reports'] },
  ],
  applications: [
    { id: 'shop', type: 'spa', callbacks: ['http://localhost:5173/'] },
    { id: 'office', secret: 'office-secret', type: 'web', callbacks: ['http://localhost:5000/callback'] },
    { id: 'job', secret: 'job-secret', type: 'machine', grants: ['client_credentials', 'password'] },
  ],
  users: [{ email: 'ada@example.com', password: 'ada-password', roles: ['manager'] }],
  claims: { 'https://example.com/roles': '{{user.roles}}' },
}

t.test(
  'npm run tenant runs two APIs, three applications and a claim of a file in an empty folder',
  async (t) => {
    const { child, folder, tenant } = await runInFolder(t, settings)
    for await (const line of createInterface(child.stdout)) if (line.includes(tenant.issuer)) break
    const job = { client_id: 'job', client_secret: 'job-secret' }
    for (const audience of [orders, reports]) {
      const { body } = await postToken(tenant, { grant_type: 'client_credentials', ...job, audience })
      t.match(decodeJwt(body.access_token ?? ''), { aud: audience, azp: 'job' })
    }
    const ada = { username: 'ada@example.com', password: 'ada-password' }
    const { body } = await postToken(tenant, { grant_type: 'password', ...job, ...ada })
    t.match(decodeJwt(body.access_token ?? ''), { aud: orders, 'https://example.com/roles': ['manager'] })
    for (const { id, callbacks } of settings.applications) {
      const request = authorizeUrl(tenant, { client_id: id, redirect_uri: callbacks?.[0] ?? '' })
      const { status } = await fetch(request, { redirect: 'manual' })
      t.equal(status, callbacks ? 303 : 400, id)
    }
    t.ok(existsSync(`${folder}/data/tenant/tenant.db`))
    child.kill('SIGTERM')
    await once(child, 'close')
  },
)

t.test('npm run tenant names each fault of its file by its place', async (t) => {
  const [first, ...others] = settings.applications
  const broken = {
    ...settings,
    applications: [{ ...first, callbacks: ['no URL'] }, ...others],
    users: [{ ...settings.users[0], permissions: { [orders]: ['eat:orders'] } }],
    claims: { roles: '{{user.roles}}' },
  }
  const { child } = await runInFolder(t, broken)
  const stderr = await text(child.stderr)
  t.match(stderr, 'tenant.json is wrong:\n')
  t.match(stderr, '\n  applications[0].callbacks[0]: must be a URL')
  t.match(stderr, `\n  users[0].permissions: ${orders} has no permission eat:orders`)
  t.match(stderr, '\n  claims: roles must be a URL')
})
