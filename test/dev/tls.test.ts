import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { request as requestByHttp } from 'node:http'
import { request as requestByHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { startTenant } from '../../dev/tenant/index.ts'
import { tlsOptionsOf } from '../../dev/tenant/tls-files.ts'
import { authorizeUrl, webApp } from './helpers/tenant.ts'

const days = 24 * 60 * 60 * 1000

interface Answer {
  status: number | undefined
  headers: IncomingHttpHeaders
  body: string
}

interface Details {
  /** Trusted certificate authority. */
  ca?: string
  headers?: Record<string, string>
  form?: Record<string, string>
}

function request(url: string, { ca, headers = {}, form }: Details): Promise<Answer> {
  const send = ca === undefined ? requestByHttp : requestByHttps
  const type = form && { 'content-type': 'application/x-www-form-urlencoded' }
  const options = { agent: false, ...(ca && { ca }), headers: { ...headers, ...type } }
  return new Promise((resolve, reject) => {
    send(url, { ...options, method: form ? 'POST' : 'GET' }, async (response) =>
      resolve({ status: response.statusCode, headers: response.headers, body: await text(response) }),
    )
      .on('error', reject)
      .end(form && String(new URLSearchParams(form)))
  })
}

async function tlsTenant(t: Test) {
  const folder = `${t.testdir()}/data`
  const tenant = await startTenant({ port: 0, baseUrl: webApp, tlsFolder: folder })
  t.teardown(() => tenant.close())
  return { folder, tenant, ca: readFileSync(`${folder}/ca.pem`, 'utf8') }
}

t.test('with TLS, issuer and endpoints are https URLs, for programs that trust the CA', async (t) => {
  const { tenant, ca } = await tlsTenant(t)
  t.match(tenant.issuer, /^https:\/\/localhost:\d+\/$/)
  for (const host of ['localhost', '127.0.0.1']) {
    const base = tenant.issuer.replace('localhost', host)
    const { body } = await request(`${base}.well-known/openid-configuration`, { ca })
    t.match(JSON.parse(body), { issuer: tenant.issuer, token_endpoint: `${base}oauth/token` })
  }
  await t.rejects(fetch(tenant.issuer), { cause: { code: /CERT|SIGNATURE/ } })
  await t.rejects(fetch(tenant.issuer.replace('https', 'http')))
})

t.test('with TLS, cookies are Secure, and the one of the session is SameSite=None as at Auth0', async (t) => {
  const { tenant, ca } = await tlsTenant(t)
  const cookies: string[] = []
  const open = async (path = '', form?: Record<string, string>) => {
    const cookie = cookies.map((one) => one.split(';')[0]).join('; ')
    const details = { ca, headers: { cookie }, ...(form && { form }) }
    const { headers } = await request(new URL(path, tenant.issuer).href, details)
    cookies.push(...(headers['set-cookie'] ?? []))
    return headers.location
  }
  const loginPage = await open(authorizeUrl(tenant))
  await open(await open(loginPage, { email: 'reader@example.com', password: 'reader-password' }))
  for (const cookie of cookies) t.match(cookie, /; secure/i)
  t.match(
    cookies.find((cookie) => cookie.startsWith('tenant_session=')),
    /; samesite=none/i,
  )
})

t.test('the certificate and its CA survive a restart, with a key that others cannot read', async (t) => {
  const folder = `${t.testdir()}/deep/data`
  const first = await tlsOptionsOf(folder)
  t.strictSame(await tlsOptionsOf(folder), first)
  t.equal(statSync(`${folder}/tls-key.pem`).mode & 0o777, 0o600)
  t.equal(statSync(folder).mode & 0o777, 0o700)
  const ca = new X509Certificate(readFileSync(`${folder}/ca.pem`))
  const certificate = new X509Certificate(first.cert)
  t.ok(certificate.checkIssued(ca) && certificate.verify(ca.publicKey))
  t.ok(ca.ca && !certificate.ca)
  t.equal(certificate.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
  t.strictSame(readdirSync(folder).sort(), ['ca.pem', 'tls-key.pem', 'tls.pem'], 'without the key of the CA')
})

t.test('a certificate is replaced before it expires, and its CA with it', async (t) => {
  const folder = t.testdir()
  const now = Date.now()
  const { cert } = await tlsOptionsOf(folder, now - 790 * days)
  t.equal((await tlsOptionsOf(folder, now)).cert, cert)
  const next = await tlsOptionsOf(folder, now + 10 * days)
  t.not(next.cert, cert)
  const ca = new X509Certificate(readFileSync(`${folder}/ca.pem`))
  t.ok(new X509Certificate(next.cert).verify(ca.publicKey))
})

t.test('behind a proxy, issuer, URLs and cookies are those of the proxy', async (t) => {
  const issuer = 'https://tenant.test/'
  const tenant = await startTenant({ port: 0, baseUrl: webApp, issuer })
  t.teardown(() => tenant.close())
  t.equal(tenant.issuer, issuer)
  const local = `http://localhost:${tenant.port}/`
  for (const host of ['tenant.test', `localhost:${tenant.port}`]) {
    const { body } = await request(`${local}.well-known/openid-configuration`, { headers: { host } })
    t.match(JSON.parse(body), {
      issuer,
      authorization_endpoint: `${issuer}authorize`,
      jwks_uri: `${issuer}.well-known/jwks.json`,
      userinfo_endpoint: `${issuer}userinfo`,
    })
  }
  const login = authorizeUrl({ ...tenant, issuer: local })
  const { headers } = await request(login, { headers: { host: 'tenant.test' } })
  for (const cookie of headers['set-cookie'] ?? []) t.match(cookie, /; secure/i)
  t.equal((await request(local, { headers: { host: 'evil.test' } })).status, 421)
})
