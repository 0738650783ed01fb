import t from 'tap'
import { type CertificateHeader, readCertificate } from '../../src/http/client-certificate.ts'
import { makeCertificate } from '../helpers/certificate.ts'

const [own, other] = await Promise.all([makeCertificate('own'), makeCertificate('other')])
const { der, x5tS256 } = own
const hex = Buffer.from(x5tS256, 'base64url').toString('hex')
const base64 = der.toString('base64').replace(/=+$/, '')
const escaped = (body: string) =>
  encodeURIComponent(`-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`)

t.test('each header has the certificate, or with Envoy perhaps its hash alone', async (t) => {
  const cases: [header: CertificateHeader, text: string, expected: object][] = [
    ['client-cert', `:${der.toString('base64')}:`, { der, x5tS256 }],
    ['client-cert', `:${base64}:`, { der, x5tS256 }], // RFC 9651, 4.2.7: padding may be missing
    ['ssl-client-cert', encodeURIComponent(own.pem), { der, x5tS256 }],
    ['x-forwarded-client-cert', `Cert="${encodeURIComponent(own.pem)}"`, { der, x5tS256 }],
    ['x-forwarded-client-cert', `Hash=${hex};Cert="${encodeURIComponent(own.pem)}"`, { der, x5tS256 }],
    ['x-forwarded-client-cert', `Hash=${hex}`, { x5tS256 }],
    ['x-forwarded-client-cert', `Hash=${hex};Cert="${encodeURIComponent(other.pem)}"`, { x5tS256 }],
  ]
  for (const [header, text, expected] of cases)
    t.strictSame(readCertificate(header, text), expected, text.slice(0, 40))
})

t.test('text after the padding, which base64 decoders ignore, is not accepted', async (t) => {
  const more = other.der.toString('base64')
  for (const padding of ['=', '==']) {
    const body = `${base64}${padding}${more}`
    t.equal(readCertificate('client-cert', `:${body}:`), undefined)
    t.equal(readCertificate('ssl-client-cert', escaped(body)), undefined)
    t.equal(readCertificate('x-forwarded-client-cert', `Cert="${escaped(body)}"`), undefined)
  }
  for (const body of ['', ' ', '=', `${base64}~`, `${base64}_`, `${base64}-`])
    t.equal(readCertificate('ssl-client-cert', escaped(body)), undefined, body.slice(-5))
  t.match(readCertificate('ssl-client-cert', escaped(base64)), { x5tS256 })
})

t.test('more than 8 KiB is not accepted', async (t) => {
  const long = `${'A'.repeat(8188)}==`
  t.ok(readCertificate('client-cert', `:${long}:`))
  t.equal(readCertificate('client-cert', `:A${long}:`), undefined)
})
