import { request } from 'node:http'
import t from 'tap'
import { bearer, listen } from '../helpers/app.ts'
import { makeCertificate } from '../helpers/certificate.ts'
import { startService } from '../helpers/service.ts'

const environment = { CLIENT_CERT_HEADER: 'client-cert', TRUST_PROXY: 'loopback' }
const { issuer, app } = await startService(t, environment)
const { der, pem, x5tS256 } = await makeCertificate()
const token = await issuer.sign({ cnf: { 'x5t#S256': x5tS256 } })
const base64 = der.toString('base64')

/** Returns the status of a request with these values of the header, each on a line of its own. */
function statusOf(values: string[], { url }: { url: string } = app): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}/api/private`, { headers: bearer(token) }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    outgoing.on('error', reject)
    outgoing.setHeader('client-cert', values)
    outgoing.end()
  })
}

t.test('RFC 9440, 2.1: the certificate is DER in base64', async (t) => {
  t.equal(await statusOf([`:${base64}:`]), 200)
  for (const value of [
    `:${der.toString('base64url')}:`,
    `:${encodeURIComponent(pem)}:`,
    `:${der.toString('hex')}:`,
  ])
    t.equal(await statusOf([value]), 401, value.slice(0, 20))
})

t.test('RFC 9440, 2.2: Client-Cert is one Byte Sequence', async (t) => {
  for (const values of [
    ...[base64, `"${base64}"`, `:${base64}`, '::', `:${base64}:;a=b`, `(:${base64}:)`].map((value) => [
      value,
    ]),
    [`:${base64}:, :${base64}:`],
    [`:${base64}:`, `:${base64}:`],
    [`:${'A'.repeat(8400)}:`],
  ])
    t.equal(await statusOf(values), 401, String(values).slice(0, 20))
  t.equal(await statusOf([`:${base64}:`]), 200)
})

t.test('RFC 9440, 4: the header of a peer that is not a trusted proxy is ignored', async (t) => {
  for (const [TRUST_PROXY, status] of [
    ['10.0.0.0/8', 401],
    ['10.0.0.0/8, loopback', 200],
    ['1', 200],
  ] as const) {
    const other = await listen(t, issuer, { environment: { ...environment, TRUST_PROXY } })
    t.equal(await statusOf([`:${base64}:`], other), status, TRUST_PROXY)
  }
})
