import { X509Certificate } from 'node:crypto'
import { get } from 'node:http'
import { calculateJwkThumbprint } from 'jose'
import { test } from 'tap'
import { startTenant } from '../../dev/tenant/index.ts'
import { generateSigningKey } from '../../dev/tenant/signing-key.ts'
import { clientCredentials, passwordGrant, tenantFor, verified } from './helpers/tenant.ts'

const options = { port: 0, baseUrl: 'http://localhost:3000' }

test('the discovery document has the issuer with a trailing slash, and the paths of Auth0', async (t) => {
  const { issuer } = await tenantFor(t)
  const response = await fetch(`${issuer}.well-known/openid-configuration`)
  t.match(await response.json(), {
    issuer,
    authorization_endpoint: `${issuer}authorize`,
    token_endpoint: `${issuer}oauth/token`,
    userinfo_endpoint: `${issuer}userinfo`,
    jwks_uri: `${issuer}.well-known/jwks.json`,
    end_session_endpoint: `${issuer}oidc/logout`,
    revocation_endpoint: `${issuer}oauth/revoke`,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    code_challenge_methods_supported: ['S256'],
  })
  t.match(issuer, /^http:\/\/localhost:\d+\/$/)
})

test('the key set has one public RS256 key, whose kid is its thumbprint', async (t) => {
  const { issuer } = await tenantFor(t)
  const { keys } = (await (await fetch(`${issuer}.well-known/jwks.json`)).json()) as {
    keys: Record<string, string>[]
  }
  const [key = {}] = keys
  t.equal(keys.length, 1)
  t.match(key, { kty: 'RSA', alg: 'RS256', use: 'sig', kid: await calculateJwkThumbprint({ ...key }) })
  t.equal(Buffer.from(key.n ?? '', 'base64url').length * 8, 2048)
  t.notOk('d' in key, 'without the private half')
})

test('keys can be set at start, rotated and removed', async (t) => {
  const [first, second] = [await generateSigningKey(), await generateSigningKey()]
  const stopped = await startTenant({ ...options, signingKeys: [first] })
  const old = (await passwordGrant(stopped, 'reader', { scope: 'openid' })).body.access_token
  await stopped.close()
  const port = Number(new URL(stopped.issuer).port)
  const tenant = await startTenant({ ...options, port, signingKeys: [first] })
  t.teardown(() => tenant.close())
  const profile = () => fetch(`${tenant.issuer}userinfo`, { headers: { authorization: `Bearer ${old}` } })
  t.match(await verified(tenant, old), { protectedHeader: { kid: first.kid } }, 'after a restart')

  tenant.useKeys([second, first])
  const { access_token: rotated } = (await clientCredentials(tenant)).body
  t.match(await verified(tenant, rotated), { protectedHeader: { kid: second.kid } })
  t.match(await verified(tenant, old), { protectedHeader: { kid: first.kid } }, 'after a rotation')
  t.equal((await profile()).status, 200)

  tenant.useKeys([second])
  await t.rejects(verified(tenant, old), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  t.equal((await profile()).status, 401)
  t.match(await verified(tenant, rotated), { protectedHeader: { kid: second.kid } })
})

test('the tenant is reachable as localhost and as 127.0.0.1', async (t) => {
  const { issuer } = await tenantFor(t)
  for (const base of [issuer, issuer.replace('localhost', '127.0.0.1')]) {
    t.equal((await fetch(`${base}.well-known/jwks.json`)).status, 200)
  }
})

test('other origins may call only the endpoints that do not use cookies', async (t) => {
  const { issuer } = await tenantFor(t)
  const headers = { origin: 'http://localhost:4040' }
  for (const path of ['.well-known/openid-configuration', '.well-known/jwks.json', 'userinfo']) {
    const response = await fetch(issuer + path, { headers })
    t.equal(response.headers.get('access-control-allow-origin'), '*', path)
  }
  const error = await fetch(`${issuer}oauth/token`, { method: 'POST', headers })
  t.equal(error.headers.get('access-control-allow-origin'), '*', 'errors are readable too')

  const preflight = await fetch(`${issuer}oauth/token`, {
    method: 'OPTIONS',
    headers: { ...headers, 'access-control-request-headers': 'authorization,content-type' },
  })
  t.equal(preflight.status, 204)
  t.equal(preflight.headers.get('access-control-allow-headers'), 'authorization,content-type')

  const page = await fetch(`${issuer}authorize`, { headers })
  t.equal(page.headers.get('access-control-allow-origin'), null)
})

test('an unknown path is an error page with 404', async (t) => {
  const { issuer } = await tenantFor(t)
  const response = await fetch(`${issuer}nowhere`)
  t.equal(response.status, 404)
  t.match(await response.text(), /This page does not exist/)
})

test('close is quick despite a keep-alive connection', async (t) => {
  const tenant = await startTenant(options)
  await new Promise((resolve) => {
    get(tenant.issuer, { agent: undefined, headers: { connection: 'keep-alive' } }, (response) =>
      response.resume().on('end', resolve),
    )
  })
  const began = performance.now()
  await tenant.close()
  t.ok(performance.now() - began < 4_000, 'before the keep-alive time-out of 5 s')
  await t.rejects(fetch(tenant.issuer), 'the port is closed')
})

test('with NODE_ENV=production the tenant refuses to start', async (t) => {
  const before = process.env.NODE_ENV
  t.teardown(() => {
    if (before === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = before
  })
  process.env.NODE_ENV = 'production'
  await t.rejects(startTenant(options), { message: /does not run with NODE_ENV=production/ })
})

test('a port in use is an error', async (t) => {
  const { issuer } = await tenantFor(t)
  await t.rejects(startTenant({ ...options, port: Number(new URL(issuer).port) }), { code: 'EADDRINUSE' })
})

test('each key is published with a self-signed certificate and its thumbprint', async (t) => {
  const { issuer } = await tenantFor(t)
  const response = await fetch(`${issuer}.well-known/jwks.json`)
  t.match(response.headers.get('content-type'), 'application/jwk-set+json')
  const { keys } = (await response.json()) as { keys: { n: string; x5c: string[]; x5t: string }[] }
  for (const { n, x5c, x5t, ...key } of keys) {
    const certificate = new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64'))
    t.ok(certificate.verify(certificate.publicKey))
    t.match(certificate.publicKey.export({ format: 'jwk' }), { n })
    t.equal(x5t, Buffer.from(certificate.fingerprint.replaceAll(':', ''), 'hex').toString('base64url'))
    t.notOk('d' in key)
  }
})
