import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import type { Test } from 'tap'
import { test } from 'tap'
import { startTenant } from '../../dev/tenant/index.ts'
import { allPermissions, tenantFor, verified, webApp } from './helpers/tenant.ts'

const script = join(import.meta.dirname, '../../dev/token.ts')

test('npm run token prints a machine token and nothing else', async (t) => {
  const tenant = await tenantFor(t)
  const { code, stdout, stderr } = await run(t, [], { TENANT_PORT: new URL(tenant.issuer).port })
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  const { payload } = await verified(tenant, stdout.trim())
  t.match(payload, { sub: 'gatehouse-test@clients', permissions: allPermissions })
})

test('npm run token accepts a user, a scope and a password', async (t) => {
  const tenant = await tenantFor(t)
  const environment = { TENANT_PORT: new URL(tenant.issuer).port }
  const reader = await run(t, ['--user', 'reader@example.com'], environment)
  t.match(decodeJwt(reader.stdout.trim()), { scope: 'read:messages', gty: 'password' })
  const admin = await run(t, ['--user', 'admin@example.com', '--scope', 'read:messages'], environment)
  t.match(decodeJwt(admin.stdout.trim()), { scope: 'read:messages', permissions: allPermissions })

  const unknown = await run(t, ['--user', 'unknown@example.com'], environment)
  t.match(unknown, { code: 1, stdout: '', stderr: /--password or TOKEN_PASSWORD/ })
  const byOption = await run(t, ['--user', 'unknown@example.com', '--password', 'x'], environment)
  t.match(byOption, { code: 1, stdout: '', stderr: /invalid_grant: Wrong email or password\./ })
  const byVariable = await run(t, ['--user', 'unknown@example.com'], { ...environment, TOKEN_PASSWORD: 'x' })
  t.match(byVariable, { code: 1, stdout: '', stderr: /Wrong email or password\./ })
})

test('npm run token says which of the requested scopes were not granted', async (t) => {
  const tenant = await tenantFor(t)
  const environment = { TENANT_PORT: new URL(tenant.issuer).port }
  const reader = ['--user', 'reader@example.com']
  for (const [args, missing] of [
    [['--scope', 'read:things'], 'read:things'],
    [['--scope', 'read:things read:messages write:things'], 'read:things write:things'],
    [[...reader, '--scope', 'read:users read:messages'], 'read:users'],
  ] as const) {
    const { code, stdout, stderr } = await run(t, [...args], environment)
    t.equal(code, 0)
    t.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const [first, hint] = stderr.split('\n')
    t.equal(first, `Not granted: ${missing}`)
    t.match(hint, /dev\/tenant\/accounts\.ts/)
  }
  t.match(await run(t, ['--scope', 'read:users'], environment), { stderr: '' })
})

test('the local tenant grants the scopes that it is given to machines and to the admin', async (t) => {
  const tenant = await startTenant({ port: 0, baseUrl: webApp, permissions: ['read:things', 'read:things'] })
  t.teardown(() => tenant.close())
  const environment = { TENANT_PORT: new URL(tenant.issuer).port }
  for (const [args, scope] of [
    [['--scope', 'read:things'], 'read:things'],
    [['--scope', 'read:things', '--user', 'admin@example.com'], 'read:things'],
    [['--scope', 'read:things', '--user', 'reader@example.com'], undefined],
  ] as const) {
    const { stdout } = await run(t, [...args], environment)
    t.equal(decodeJwt(stdout.trim()).scope, scope)
  }
})

test('npm run token shows the error of the tenant about the client', async (t) => {
  const tenant = await tenantFor(t)
  const environment = { TENANT_PORT: new URL(tenant.issuer).port }
  const spa = await run(t, ['--client', 'gatehouse-spa'], environment)
  t.match(spa, { code: 1, stdout: '', stderr: /Grant type 'client_credentials' not allowed/ })
  const unknown = await run(t, ['--client', 'unknown'], environment)
  t.match(unknown, { code: 1, stdout: '', stderr: /access_denied: Unauthorized/ })
})

test('npm run token uses the tenant named by AUTH0_DOMAIN, from the environment or .env', async (t) => {
  const tenant = await tenantFor(t)
  const client = {
    AUTH0_AUDIENCE: 'https://quickstarts/api',
    AUTH0_CLIENT_ID: 'gatehouse-test',
    AUTH0_CLIENT_SECRET: 'gatehouse-test-secret',
  }
  const named = await run(t, [], { AUTH0_DOMAIN: tenant.issuer, ...client, TENANT_PORT: '1' })
  t.match(named, { code: 0, stderr: '' })
  t.equal(decodeJwt(named.stdout.trim()).iss, tenant.issuer)

  const folder = t.testdir({ '.env': `AUTH0_DOMAIN=${tenant.issuer}\n` })
  const fromFile = await run(t, [], { ...client, TENANT_PORT: '1' }, folder)
  t.equal(decodeJwt(fromFile.stdout.trim()).iss, tenant.issuer)
  const incomplete = await run(t, [], { ...client, AUTH0_CLIENT_SECRET: '' }, folder)
  t.match(incomplete, { code: 1, stdout: '', stderr: /AUTH0_CLIENT_SECRET is needed too/ })
})

test('npm run token suggests what to do when the tenant does not answer', async (t) => {
  const result = await run(t, [], { TENANT_PORT: '1' })
  t.match(result, { code: 1, stdout: '', stderr: /^No answer .*Is `npm start` running\?\n$/ })
  t.match(await run(t, ['--nonsense']), { code: 1, stdout: '', stderr: /--nonsense/ })
  t.match(await run(t, ['--help']), { code: 0, stdout: /^Usage: npm run token/, stderr: '' })
})

/** Runs the script in an empty folder, so that it does not read the developer's `.env`. */
function run(t: Test, args: string[], environment: Record<string, string> = {}, cwd = t.testdir()) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const env = { PATH: process.env.PATH, ...environment }
    execFile(process.execPath, [script, ...args], { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}
