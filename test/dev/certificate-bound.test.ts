import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, request as requestByHttps } from 'node:https'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import { type Test, test } from 'tap'
import { certificateReader } from '../../dev/tenant/client-certificate.ts'
import { startTenant, type TenantOptions } from '../../dev/tenant/index.ts'
import { checkSettings } from '../../dev/tenant/settings-file.ts'
import { bearer, listen } from '../helpers/app.ts'
import { makeCertificate } from '../helpers/certificate.ts'
import { makeProof, makeProofKey } from '../helpers/dpop.ts'
import { Browser } from './helpers/browser.ts'
import { authorizeUrl, webApp } from './helpers/tenant.ts'

const [own, other] = await Promise.all([makeCertificate('own'), makeCertificate('other')])
const dev = `${import.meta.dirname}/../../dev`
const api = 'https://orders.example.com'
const redirect = 'http://localhost:5000/callback'
const ada = { email: 'ada@example.com', password: 'ada-password' }
const scope = 'openid offline_access read:orders'

/** Two applications that differ in one property. */
function settingsOf() {
  const application = {
    ...{ secret: 'secret', type: 'web', callbacks: [redirect] },
    grants: ['authorization_code', 'refresh_token', 'client_credentials', 'password'],
  }
  return {
    apis: [{ identifier: api, permissions: ['read:orders'] }],
    applications: [
      { ...application, id: 'bound', tlsClientCertificateBoundAccessTokens: true },
      { ...application, id: 'free' },
    ],
    users: [{ ...ada, permissions: { [api]: ['read:orders'] } }],
    claims: { 'https://example.com/email': '{{user.email}}' },
  }
}

async function tenantWith(t: Test, options: Partial<TenantOptions> = {}) {
  const settings = checkSettings(settingsOf(), 'tenant.json')
  const tenant = await startTenant({ port: 0, baseUrl: webApp, settings, ...options })
  t.teardown(() => tenant.close())
  return tenant
}

const clientCert = ({ der }: { der: Buffer }) => ({ 'client-cert': `:${der.toString('base64')}:` })

/** Requests tokens with these headers. */
async function tokens(issuer: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const body = new URLSearchParams({ client_id: 'bound', client_secret: 'secret', ...fields })
  const response = await fetch(`${issuer}oauth/token`, { method: 'POST', headers, body })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

const machine = { grant_type: 'client_credentials' }
const password = { grant_type: 'password', username: ada.email, password: ada.password, scope }

function cnfOf({ body }: { body: Record<string, string> }) {
  return decodeJwt(String(body.access_token)).cnf
}

test('each grant binds the tokens of an application that requires it, and only of that', async (t) => {
  const { issuer } = await tenantWith(t)
  const cnf = { 'x5t#S256': own.x5tS256 }
  for (const grant of [machine, password]) {
    const bound = await tokens(issuer, grant, clientCert(own))
    t.match(bound, { status: 200, body: { token_type: 'Bearer' } })
    t.strictSame(cnfOf(bound), cnf)
    t.match(await tokens(issuer, grant), { status: 400, body: { error: 'invalid_request' } })
    const free = await tokens(issuer, { ...grant, client_id: 'free' }, clientCert(own))
    t.match(free, { status: 200, body: { token_type: 'Bearer' } })
    t.equal(cnfOf(free), undefined)
  }
  const byPassword = await tokens(issuer, password, clientCert(own))
  t.equal(decodeJwt(String(byPassword.body.access_token))['https://example.com/email'], ada.email)

  const browser = new Browser(issuer)
  const client = { client_id: 'bound', redirect_uri: redirect, audience: api, scope }
  await browser.open(authorizeUrl({ issuer } as Parameters<typeof authorizeUrl>[0], client))
  await browser.submit(ada)
  const code = await tokens(
    issuer,
    {
      grant_type: 'authorization_code',
      redirect_uri: redirect,
      code: browser.left?.searchParams.get('code') ?? '',
      code_verifier: 'a-code-verifier-that-is-long-enough-to-be-taken',
    },
    clientCert(own),
  )
  t.strictSame(cnfOf(code), cnf)
  for (const { body } of [code, byPassword]) {
    const refresh = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token) }
    t.match(await tokens(issuer, refresh), { status: 400, body: { error: 'invalid_request' } })
    // A renewed certificate is accepted: the refresh token is bound to the secret of the application (RFC 8705, section 4)
    t.strictSame(cnfOf(await tokens(issuer, refresh, clientCert(other))), { 'x5t#S256': other.x5tS256 })
  }
})

test('a token request in JSON, as of the SDKs of Auth0, is bound too', async (t) => {
  const { issuer } = await tenantWith(t)
  const response = await fetch(`${issuer}oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...clientCert(own) },
    body: JSON.stringify({ client_id: 'bound', client_secret: 'secret', ...machine }),
  })
  const body = (await response.json()) as Record<string, string>
  t.strictSame(cnfOf({ body }), { 'x5t#S256': own.x5tS256 })
})

test('the service accepts such a token with its certificate only', async (t) => {
  const tenant = await tenantWith(t)
  const environment = { AUTH0_AUDIENCE: api, CLIENT_CERT_HEADER: 'client-cert', TRUST_PROXY: 'loopback' }
  const app = await listen(t, { url: tenant.issuer }, { environment })
  const { body } = await tokens(tenant.issuer, machine, clientCert(own))
  const statusWith = async (headers: Record<string, string>) =>
    (await fetch(`${app.url}/api/private`, { headers: { ...bearer(String(body.access_token)), ...headers } }))
      .status
  t.equal(await statusWith(clientCert(own)), 200)
  t.equal(await statusWith(clientCert(other)), 401)
  t.equal(await statusWith({}), 401)
})

test('a header without exactly one certificate issues no token', async (t) => {
  const { issuer } = await tenantWith(t)
  const { der } = own
  for (const bytes of [
    Buffer.concat([der, other.der]),
    der.subarray(1),
    Buffer.from(own.pem),
    der.subarray(0, 20),
  ])
    t.match(await tokens(issuer, machine, clientCert({ der: bytes })), { status: 400 })
  const twice = `${clientCert(own)['client-cert']}, ${clientCert(own)['client-cert']}`
  t.match(await tokens(issuer, machine, { 'client-cert': twice }), { status: 400 })
  t.match(await tokens(issuer, machine, { 'ssl-client-cert': encodeURIComponent(own.pem) }), { status: 400 })
  t.match(await tokens(issuer, machine, clientCert(own)), { status: 200 })
})

test('the headers of other proxies are read instead, if they are configured', async (t) => {
  const pem = encodeURIComponent(own.pem)
  for (const [certificateHeader, value] of [
    ['ssl-client-cert', pem],
    ['x-forwarded-client-cert', `By=spiffe://a/b;Cert="${pem}"`],
  ] as const) {
    const { issuer } = await tenantWith(t, { certificateHeader })
    t.strictSame(cnfOf(await tokens(issuer, machine, { [certificateHeader]: value })), {
      'x5t#S256': own.x5tS256,
    })
    t.match(await tokens(issuer, machine, clientCert(own)), { status: 400 })
  }
})

test('the header of a peer that is not on the loopback is ignored', async (t) => {
  const read = certificateReader('client-cert')
  const from = (remoteAddress: string | undefined) =>
    read({ headers: clientCert(own), socket: { remoteAddress } as Socket }).raw
  t.strictSame(from('127.0.0.1'), own.der)
  t.strictSame(from('::1'), own.der)
  for (const address of ['10.0.0.1', '192.168.0.1', '2001:db8::1', undefined])
    t.throws(() => from(address), { message: 'invalid_request' })
})

test('a certificate and a DPoP proof in one request are refused', async (t) => {
  const { issuer } = await tenantWith(t)
  const target = { url: `${issuer}oauth/token`, token: '', method: 'POST' }
  const proof = makeProof(await makeProofKey(), target, { ath: undefined })
  const both = await tokens(issuer, machine, { ...clientCert(own), dpop: proof })
  t.match(both, { status: 400, body: { error: 'invalid_request' } })
})

test('npm run token --certificate prints a bound token', async (t) => {
  const { port } = await tenantWith(t)
  const settings = settingsOf()
  const [bound, free] = settings.applications
  const file = { ...settings, applications: [free, { ...bound, type: 'machine' }] }
  const cwd = t.testdir({ 'tenant.json': JSON.stringify(file), 'client.pem': own.pem, 'empty.pem': '' })
  const run = (args: string[], environment = {}) => {
    const env = { PATH: process.env.PATH, TENANT_PORT: String(port), ...environment }
    return promisify(execFile)(process.execPath, [`${dev}/token.ts`, ...args], { cwd, env }).then(
      ({ stdout }) => stdout,
      ({ stderr }) => stderr,
    )
  }
  const token = await run(['--certificate', 'client.pem'])
  t.strictSame(decodeJwt(token).cnf, { 'x5t#S256': own.x5tS256 })
  t.match(decodeJwt(token), { azp: 'bound' })
  t.match(
    await run([]),
    /invalid_request: The application requires a request with exactly one client certificate/,
  )
  t.match(await run(['--certificate', 'client.pem', '--client', 'free']), /not bound to the certificate/)
  for (const name of ['missing.pem', 'empty.pem'])
    t.match(await run(['--certificate', name]), new RegExp(`^${name} is not a certificate that can be read`))
  const wrong = await run(['--certificate', 'client.pem'], { CLIENT_CERT_HEADER: 'x' })
  t.match(wrong, /^CLIENT_CERT_HEADER is wrong: expected one of client-cert x-forwarded-client-cert ssl-/)

  for (const certificateHeader of ['ssl-client-cert', 'x-forwarded-client-cert'] as const) {
    const other = await tenantWith(t, { certificateHeader })
    const environment = { CLIENT_CERT_HEADER: certificateHeader, TENANT_PORT: String(other.port) }
    const printed = await run(['--certificate', 'client.pem'], environment)
    t.strictSame(decodeJwt(printed).cnf, { 'x5t#S256': own.x5tS256 })
  }
})

test('the metadata says so, and an application without a secret is a fault of the file', async (t) => {
  const { issuer } = await tenantWith(t)
  const metadata = (await (await fetch(`${issuer}.well-known/openid-configuration`)).json()) as object
  t.match(metadata, { tls_client_certificate_bound_access_tokens: true })
  const settings = settingsOf()
  settings.applications[0] = { ...settings.applications[0], secret: undefined } as never
  t.throws(() => checkSettings(JSON.parse(JSON.stringify(settings)), 'tenant.json'), {
    message: /applications\[0\]\.tlsClientCertificateBoundAccessTokens: needs a secret, as at Auth0$/,
  })
})

test('with TLS the certificate comes from the connection, and is requested only for such applications', async (t) => {
  const folder = t.testdir()
  const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`]
  const subject = ['-subj', '/CN=client', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-nodes', ...subject, '-keyout', key, '-out', cert],
  ])
  const pem = { cert: readFileSync(cert), key: readFileSync(key) }
  const { fingerprint256 } = new X509Certificate(pem.cert)
  const expected = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
  const tlsFolder = `${folder}/tls`
  const agent = new Agent({ keepAlive: false })
  const fields = { client_id: 'bound', client_secret: 'secret', ...machine }
  const form = String(new URLSearchParams(fields))
  const post = (issuer: string, client: object, body = form, type = 'application/x-www-form-urlencoded') => {
    const headers = { 'content-type': type }
    const ca = readFileSync(`${tlsFolder}/ca.pem`)
    interface Answer {
      status: number | undefined
      isResumed: boolean
      body: Record<string, string>
    }
    return new Promise<Answer>((resolve, reject) => {
      const options = { method: 'POST', headers, ca, agent, ...client }
      requestByHttps(`${issuer}oauth/token`, options, async (response) => {
        const isResumed = (response.socket as TLSSocket).isSessionReused()
        resolve({ status: response.statusCode, isResumed, body: JSON.parse(await text(response)) })
      })
        .on('error', reject)
        .end(body)
    })
  }
  const { issuer } = await tenantWith(t, { tlsFolder })
  for (const isResumed of [false, true]) {
    const answer = await post(issuer, pem)
    t.equal(answer.isResumed, isResumed)
    t.strictSame(cnfOf(answer), { 'x5t#S256': expected })
  }
  const byJson = await post(issuer, pem, JSON.stringify(fields), 'application/json')
  t.strictSame(cnfOf(byJson), { 'x5t#S256': expected })
  t.match(await post(issuer, {}), { status: 400, body: { error: 'invalid_request' } })

  const settings = checkSettings(settingsOf(), 'tenant.json')
  const [application] = settings.applications
  const unbound = {
    ...settings,
    applications: [{ ...application, tlsClientCertificateBoundAccessTokens: false }],
  }
  const free = await tenantWith(t, { tlsFolder, settings: unbound as typeof settings })
  const answer = await post(free.issuer, pem)
  t.equal(answer.status, 200)
  t.equal(cnfOf(answer), undefined)
})
