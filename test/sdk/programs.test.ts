import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import type { Tenant, TenantOptions } from '../../dev/tenant/index.ts'
import { startTenant } from '../../dev/tenant/index.ts'
import { readSettings } from '../../dev/tenant/settings-file.ts'
import { tlsOptionsOf } from '../../dev/tenant/tls-files.ts'
import { api, webApp } from '../dev/helpers/tenant.ts'

const example = join(import.meta.dirname, '../../dev/tenant/tenant.example.json')
const [orders, reports] = ['https://orders.example.com', 'https://reports.example.com']

/** Starts a tenant with the settings that have the API. */
async function startTenantOf(t: Test, audience: string, options: Partial<TenantOptions>): Promise<Tenant> {
  const settings = audience === api ? undefined : readSettings(example)
  const tenant = await startTenant({ port: 0, baseUrl: webApp, ...options, ...(settings && { settings }) })
  t.teardown(() => tenant.close())
  return tenant
}

/** Starts a tenant and a program of `programs` for it. */
async function run(t: Test, program: string, audience: string) {
  const tlsFolder = t.testdir()
  const { port } = await startTenantOf(t, audience, { tlsFolder })
  return runAt(port, program, audience, tlsFolder)
}

/** Runs a program that knows the tenant by its domain, and trusts the CA of the folder. Returns what it prints. */
async function runAt(port: number, program: string, audience: string, tlsFolder: string) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, 'programs', `${program}.ts`)],
    {
      env: {
        PATH: process.env.PATH,
        AUTH0_DOMAIN: `localhost:${port}`,
        AUTH0_AUDIENCE: audience,
        CLIENT_ID: 'nightly-job',
        CLIENT_SECRET: 'nightly-job-secret',
        NODE_EXTRA_CA_CERTS: `${tlsFolder}/ca.pem`,
      },
    },
  )
  return JSON.parse(stdout)
}

t.test('node-auth0 signs up, changes the password, gets, renews and revokes tokens over TLS', async (t) => {
  const { write } = process.stderr
  const lines: string[] = []
  process.stderr.write = (line) => lines.push(String(line)) > 0
  t.teardown(() => Object.assign(process.stderr, { write }))
  const result = await run(t, 'node-auth0', api)
  process.stderr.write = write
  const email = 'new@example.org'
  t.match(result, {
    account: { id: /^\w+$/, email, email_verified: false },
    again: 'invalid_signup',
    answer: "We've just sent you an email to reset your password.",
    profile: { sub: /^auth0\|/, email },
    afterRevocation: 'invalid_grant',
  })
  t.match(lines.join(''), /New password for new@example\.org: https:\/\/localhost:\d+\/reset-password/)
  t.match(decodeJwt(result.machine), { aud: api, gty: 'client-credentials' })
  const { jti, ...claims } = decodeJwt(result.user)
  t.equal(claims.sub, result.profile.sub)
  t.match(decodeJwt(result.refreshed), { sub: claims.sub })
  t.not(decodeJwt(result.refreshed).jti, jti)
})

t.test('express-jwt with jwks-rsa accepts tokens of the tenant', async (t) => {
  t.strictSame(await run(t, 'express-jwt', orders), { valid: 200, changed: 401, missing: 401 })
})

t.test('behind a TLS proxy, express-jwt accepts tokens of a tenant whose issuer is the proxy', async (t) => {
  const folder = t.testdir()
  const proxy = createServer(await tlsOptionsOf(folder), (socket) => {
    const upstream = connect(tenant.port, '127.0.0.1')
    socket.on('error', () => upstream.destroy()).pipe(upstream)
    upstream.on('error', () => socket.destroy()).pipe(socket)
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => proxy.close())
  const { port } = proxy.address() as AddressInfo
  const tenant = await startTenantOf(t, orders, { issuer: `https://localhost:${port}/` })
  t.match(await runAt(port, 'express-jwt', orders, folder), { valid: 200, changed: 401 })
})

t.test('express-oauth2-jwt-bearer accepts tokens of an API with the dialect rfc9068 strictly', async (t) => {
  const program = 'express-oauth2-jwt-bearer'
  t.strictSame(await run(t, program, reports), { valid: 200, changed: 401, missing: 401 })
  t.match(await run(t, program, orders), { valid: 401 }, 'but not those of the dialect auth0')
})

t.test('oauth4webapi accepts tokens of an API with the dialect rfc9068', async (t) => {
  const { valid, changed } = await run(t, 'oauth4webapi', reports)
  t.equal(valid, 'nightly-job')
  t.match(changed, /^OAUTH_/)
  t.match(await run(t, 'oauth4webapi', orders), { valid: /^OAUTH_/ }, 'but not those of the dialect auth0')
})
