import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'tap'
import type { Tenant } from '../../dev/tenant/index.ts'
import { startTenant } from '../../dev/tenant/index.ts'
import { freePort } from '../helpers/free-port.ts'
import { Browser } from './helpers/browser.ts'
import {
  authorizeUrl,
  clientCredentials,
  exchange,
  passwordGrant,
  postToken,
  verified,
  webApp,
} from './helpers/tenant.ts'

const newcomer = { email: 'new@example.org', password: 'a-long-password' }

function refresh(tenant: Tenant, token = ''): ReturnType<typeof postToken> {
  const client = { client_id: 'gatehouse-web', client_secret: 'gatehouse-web-secret' }
  return postToken(tenant, { grant_type: 'refresh_token', ...client, refresh_token: token })
}

/** Runs `npm run tenant` with a command. */
async function command(environment: Record<string, string>, ...args: string[]) {
  const file = `${import.meta.dirname}/../../dev/tenant.ts`
  const child = spawn(process.execPath, [file, ...args], { env: { ...process.env, ...environment } })
  const output = [text(child.stdout), text(child.stderr), once(child, 'close')] as const
  const [stdout, stderr, [code]] = await Promise.all(output)
  return { code, stdout, stderr }
}

test('keys, accounts, sessions and refresh tokens survive a restart', async (t) => {
  const options = { baseUrl: webApp, stateFile: `${t.testdir()}/deep/tenant.db` }
  const first = await startTenant({ ...options, port: 0 })
  const browser = new Browser(first.issuer)
  await browser.open(authorizeUrl(first, { screen_hint: 'signup' }))
  await browser.submit(newcomer)
  const { body } = await exchange(first, browser.left?.searchParams.get('code') ?? '')
  await first.close()
  await delay(100) // until fetch knows that its connections are closed

  const second = await startTenant({ ...options, port: Number(new URL(first.issuer).port) })
  t.teardown(() => second.close())
  await verified(second, body.access_token)
  await browser.open(authorizeUrl(second, { prompt: 'none' }))
  t.ok(browser.left?.searchParams.get('code'), 'the session')
  t.equal((await refresh(second, body.refresh_token)).status, 200)
  const login = { username: newcomer.email, password: newcomer.password }
  t.equal((await passwordGrant(second, '', login)).status, 200)
})

test('a changed password survives a restart', async (t) => {
  const stateFile = `${t.testdir()}/tenant.db`
  const first = await startTenant({ port: 0, baseUrl: webApp, stateFile })
  const lines: string[] = []
  const { write } = process.stderr
  process.stderr.write = (line) => lines.push(String(line)) > 0
  await fetch(`${first.issuer}dbconnections/change_password`, {
    method: 'POST',
    body: new URLSearchParams({ email: 'reader@example.com' }),
  })
  process.stderr.write = write
  const link = /http\S+/.exec(lines.join(''))?.[0] ?? ''
  await fetch(link, { method: 'POST', body: new URLSearchParams({ password: 'another-password' }) })
  await first.close()
  const second = await startTenant({ port: 0, baseUrl: webApp, stateFile })
  t.teardown(() => second.close())
  t.equal((await passwordGrant(second, 'reader')).status, 403)
  t.equal((await passwordGrant(second, 'reader', { password: 'another-password' })).status, 200)
})

test('npm run tenant rotates and revokes keys, and resets, while the tenant runs', async (t) => {
  const stateFile = `${t.testdir()}/tenant.db`
  const tenant = await startTenant({ port: 0, baseUrl: webApp, stateFile })
  t.teardown(() => tenant.close())
  const environment = { TENANT_PORT: new URL(tenant.issuer).port }
  const token = async () => (await clientCredentials(tenant)).body.access_token
  const old = await token()
  t.match(await command(environment, 'rotate'), { code: 0, stdout: /keys in its key set: 2\n$/ })
  await verified(tenant, old)
  const { protectedHeader } = await verified(tenant, await token())
  t.match(await command(environment, 'revoke'), { code: 0, stdout: protectedHeader.kid })
  await t.rejects(verified(tenant, old), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  await verified(tenant, await token())

  const before = await token()
  t.match(await command(environment, 'reset'), { code: 0 })
  await t.rejects(verified(tenant, before), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
})

test('the commands of a running tenant are rejected when they are not JSON', async (t) => {
  const tenant = await startTenant({ port: 0, baseUrl: webApp })
  t.teardown(() => tenant.close())
  const response = await fetch(`${tenant.issuer}tenant/rotate`, {
    method: 'POST',
    body: new URLSearchParams(),
  })
  t.equal(response.status, 404)
})

test('npm run tenant grants the scopes of the routes, and reset removes the state of a stopped tenant', async (t) => {
  const environment = { TENANT_PORT: String(await freePort()), TENANT_DATA: t.testdir() }
  const tenant = { issuer: `http://localhost:${environment.TENANT_PORT}/` } as Tenant
  const running = async () => {
    const file = `${import.meta.dirname}/../../dev/tenant.ts`
    const child = spawn(process.execPath, [file], { env: { ...process.env, ...environment } })
    t.teardown(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    return async () => {
      child.kill('SIGTERM')
      t.strictSame(await once(child, 'exit'), [0, null])
      await delay(100) // until fetch knows that its connections are closed
    }
  }
  const stopFirst = await running()
  const { body } = await clientCredentials(tenant)
  t.match(body.scope, /\bread:users\b.*\bdelete:revocations\b/)
  await stopFirst()
  t.match(await command(environment, 'rotate'), { code: 1, stderr: /^No tenant answers at / })
  t.match(await command(environment, 'reset'), { code: 0, stdout: 'begins afresh' })
  const stopSecond = await running()
  await t.rejects(verified(tenant, body.access_token), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  await stopSecond()
})

test('npm run tenant explains an unknown command and refuses to run in production', async (t) => {
  t.match(await command({}, 'unknown'), { code: 1, stdout: /^Usage: npm run tenant/ })
  const production = await command({ NODE_ENV: 'production', TENANT_DATA: t.testdir() })
  t.match(production, { code: 1, stderr: 'does not run with NODE_ENV=production' })
})
