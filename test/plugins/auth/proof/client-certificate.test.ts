import t from 'tap'
import type { CertificateHeader } from '../../../../src/http/client-certificate.ts'
import { ClientCertificate } from '../../../../src/plugins/auth/proof/client-certificate.ts'
import { makeCertificate } from '../../../helpers/certificate.ts'

const [own, other] = await Promise.all([makeCertificate('own'), makeCertificate('other')])
const pem = encodeURIComponent(own.pem)
const hex = Buffer.from(own.x5tS256, 'base64url').toString('hex')

/** Tells whether the value of the header proves the certificate, twice, since it is remembered. */
function isProof(
  header: CertificateHeader,
  value: string | string[] | undefined,
  remoteAddress = '10.0.0.1',
) {
  const certificate = new ClientCertificate({ header, trustedProxies: '10.0.0.1' })
  const request = {
    ...{ method: 'GET', protocol: 'https', host: 'api.test', raw: {} },
    headers: value === undefined ? {} : { [header]: value },
    socket: { remoteAddress },
  }
  const verdicts = [1, 2].map(() => {
    try {
      certificate.verify(request, own.x5tS256)
      return true
    } catch (error) {
      t.match(error, { code: 'invalid_token', reason: 'bound' })
      return false
    }
  })
  t.equal(verdicts[0], verdicts[1])
  return verdicts[0]
}

t.test('Envoy passes the hash, or the certificate percent-encoded in quotes', async (t) => {
  const header = 'x-forwarded-client-cert'
  for (const value of [
    `Hash=${hex}`,
    `hash=${hex.toUpperCase()}`,
    `By=spiffe://a/b;Hash=${hex};Subject="CN=a, b;c \\"d\\"";URI=spiffe://c`,
    `Cert="${pem}"`,
    `Subject="";Cert="${pem}";Chain="${pem}${encodeURIComponent(other.pem)}"`,
    `Hash=${hex};Cert="${encodeURIComponent(other.pem)}"`,
  ])
    t.ok(isProof(header, value), value.slice(0, 40))
  for (const value of [
    ...['', 'x', 'Hash=', 'Hash=00', `Hash=${hex}00`, 'Subject="CN=a"', `Hash=${hex};Hash=${hex}`],
    ...[`Hash=${hex},Hash=${hex}`, `Hash=${hex}, By=a`, `Subject="Hash=${hex}"`, `Subject=";Hash=${hex}`],
    ...[`Cert="${pem}";Cert="${pem}"`, `Cert="${pem}${pem}"`, 'Cert="%E0%A4%A"'],
  ])
    t.notOk(isProof(header, value), value.slice(0, 40))
})

t.test('nginx passes the certificate in PEM, percent-encoded', async (t) => {
  const header = 'ssl-client-cert'
  t.ok(isProof(header, pem))
  t.ok(isProof(header, encodeURIComponent(`${own.pem}\n`)))
  for (const value of ['', 'x', '%', pem + pem, encodeURIComponent(other.pem), own.der.toString('base64')])
    t.notOk(isProof(header, value), value.slice(0, 40))
})

t.test('the header counts once, and from a trusted peer only', async (t) => {
  const value = `:${own.der.toString('base64')}:`
  t.ok(isProof('client-cert', value))
  t.notOk(isProof('client-cert', undefined))
  t.notOk(isProof('client-cert', [value, value]))
  t.notOk(isProof('client-cert', value, '10.0.0.2'))
})
