import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, decodeJwt } from 'jose'
import type { Test } from 'tap'
import { test } from 'tap'
import { checkSettings } from '../../dev/tenant/settings-file.ts'
import { makeProof, makeProofKey, type ProofKey } from '../helpers/dpop.ts'
import { api, tenantFor } from './helpers/tenant.ts'

const dev = join(import.meta.dirname, '../../dev')
const clients = { client_id: 'gatehouse-test', client_secret: 'gatehouse-test-secret', audience: api }
const grants = {
  client_credentials: clients,
  password: { ...clients, username: 'admin@example.com', password: 'admin-password' },
}

/** Requests a token with these headers. */
async function request(url: string, grant: keyof typeof grants, headers: Record<string, string>) {
  const body = new URLSearchParams({ grant_type: grant, ...grants[grant] })
  const response = await fetch(url, { method: 'POST', headers, body })
  const nonce = response.headers.get('dpop-nonce')
  return { status: response.status, nonce, body: (await response.json()) as Record<string, string> }
}

/** A proof for the token endpoint, which has no `ath`. */
function proofFor(key: ProofKey, url: string, claims: object = {}): string {
  return makeProof(key, { url, token: '', method: 'POST' }, { ath: undefined, ...claims })
}

test('the tenant binds tokens to the key of a proof, in each grant', async (t) => {
  const { issuer } = await tenantFor(t)
  const url = `${issuer}oauth/token`
  const key = await makeProofKey()
  for (const grant of ['client_credentials', 'password'] as const) {
    const bound = await request(url, grant, { dpop: proofFor(key, url) })
    t.match(bound, { status: 200, body: { token_type: 'DPoP' } }, grant)
    t.strictSame(decodeJwt(String(bound.body.access_token)).cnf, { jkt: key.jkt })
    const bearer = await request(url, grant, {})
    t.match(bearer, { status: 200, body: { token_type: 'Bearer' } }, grant)
    t.equal(decodeJwt(String(bearer.body.access_token)).cnf, undefined)
  }
})

test('the refresh token of an application without a secret is bound to the key as well', async (t) => {
  const application = { id: 'app', type: 'native', callbacks: ['http://localhost:*'] }
  const permissions = { [api]: ['read:messages'] }
  const user = { email: 'ada@example.com', password: 'ada-password', permissions }
  const settings = checkSettings(
    {
      apis: [{ identifier: api, permissions: ['read:messages'] }],
      applications: [{ ...application, grants: ['authorization_code', 'password', 'refresh_token'] }],
      users: [user],
    },
    'tenant.json',
  )
  const { issuer } = await tenantFor(t, undefined, settings)
  const url = `${issuer}oauth/token`
  const send = async (fields: Record<string, string>, key?: ProofKey) => {
    const body = new URLSearchParams({ client_id: 'app', ...fields })
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: key ? { dpop: proofFor(key, url) } : {},
    })
    return { status: response.status, body: (await response.json()) as Record<string, string> }
  }
  const own = await makeProofKey()
  const login = { username: user.email, password: user.password, scope: 'offline_access read:messages' }
  const { body } = await send({ grant_type: 'password', ...login }, own)
  const refresh = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token) }
  t.match(await send(refresh, await makeProofKey()), { status: 403, body: { error: 'invalid_grant' } })
  t.match(await send(refresh), { status: 403, body: { error: 'invalid_grant' } })
  const refreshed = await send(refresh, own)
  t.strictSame(decodeJwt(String(refreshed.body.access_token)).cnf, { jkt: own.jkt })
})

test('the tenant rejects a proof that is wrong or was used, and provides a nonce for a wrong clock', async (t) => {
  const { issuer } = await tenantFor(t)
  const url = `${issuer}oauth/token`
  const key = await makeProofKey()
  const proof = proofFor(key, url)
  t.match(await request(url, 'client_credentials', { dpop: proof }), { status: 200 })
  t.match(await request(url, 'client_credentials', { dpop: proof }), { status: 400 })
  const wrong = proofFor(key, `${issuer}other`)
  t.match(await request(url, 'client_credentials', { dpop: wrong }), {
    status: 400,
    body: { error: 'invalid_dpop_proof' },
  })
  const late = await request(url, 'client_credentials', { dpop: proofFor(key, url, { iat: 1 }) })
  t.match(late, { status: 400, body: { error: 'use_dpop_nonce' } })
  const again = proofFor(key, url, { iat: 1, nonce: late.nonce })
  t.match(await request(url, 'client_credentials', { dpop: again }), { status: 200 })
})

test('/userinfo does not accept a bound token as a bearer token', async (t) => {
  const { issuer } = await tenantFor(t)
  const url = `${issuer}oauth/token`
  const statusOf = async (headers: Record<string, string>) => {
    const { body } = await request(url, 'password', headers)
    const response = await fetch(`${issuer}userinfo`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    })
    return response.status
  }
  grants.password = { ...grants.password, ...{ scope: 'openid' } }
  t.equal(await statusOf({}), 200)
  t.equal(await statusOf({ dpop: proofFor(await makeProofKey(), url) }), 401)
})

test('npm run token --dpop prints a bound token and the file of its key, and npm run proof a proof', async (t) => {
  const { issuer } = await tenantFor(t)
  const cwd = t.testdir()
  const environment = { TENANT_PORT: new URL(issuer).port }
  const output = await run(t, 'token.ts', ['--dpop'], environment, cwd)
  t.match(output, { code: 0, stderr: '', stdout: /^[\w-]+\.[\w-]+\.[\w-]+\ndata\/dpop-key\.json\n$/ })
  const [token = '', file = ''] = output.stdout.split('\n')
  t.equal(statSync(join(cwd, file)).mode & 0o777, 0o600)
  const again = await run(t, 'token.ts', ['--dpop', '--user', 'reader@example.com'], environment, cwd)
  t.strictSame(decodeJwt(String(again.stdout.split('\n')[0])).cnf, decodeJwt(token).cnf, 'one key for all')

  const url = 'http://localhost:3000/api/private?a=b'
  const args = ['--token', token, '--key', file, '--nonce', 'n', 'GET', url]
  const { stdout } = await run(t, 'proof.ts', args, {}, cwd)
  t.match(decodeJwt(stdout), {
    htm: 'GET',
    htu: 'http://localhost:3000/api/private',
    nonce: 'n',
    ath: String,
  })
  const { jwk } = JSON.parse(Buffer.from(String(stdout.split('.')[0]), 'base64url').toString())
  t.strictSame(decodeJwt(token).cnf, { jkt: await calculateJwkThumbprint(jwk) })
  t.notOk('d' in jwk)
})

test('npm run proof prints its usage', async (t) => {
  t.match(await run(t, 'proof.ts', ['--help']), { code: 0, stdout: /^Usage: npm run --silent proof/ })
  for (const args of [
    [],
    ['--token', 'x', '--key', 'y', 'GET', 'no-url'],
    ['--token', 'x', 'GET', 'http://a'],
  ])
    t.match(await run(t, 'proof.ts', args), { code: 1, stdout: /^Usage/ })
})

/** Runs a command in the folder. */
async function run(t: Test, name: string, args: string[], environment = {}, cwd = t.testdir()) {
  const env = { PATH: process.env.PATH, ...environment }
  const finished = promisify(execFile)(process.execPath, [join(dev, name), ...args], { cwd, env })
  return finished.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )
}
