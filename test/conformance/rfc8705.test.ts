import t from 'tap'
import { bearer } from '../helpers/app.ts'
import { makeCertificate } from '../helpers/certificate.ts'
import { makeProof, makeProofKey } from '../helpers/dpop.ts'
import { startService } from '../helpers/service.ts'

const { issuer, app } = await startService(t, { CLIENT_CERT_HEADER: 'client-cert', TRUST_PROXY: 'loopback' })
const [own, other] = await Promise.all([makeCertificate('own'), makeCertificate('other')])
const token = await issuer.sign({ cnf: { 'x5t#S256': own.x5tS256 } })

const BOUND =
  'Bearer realm="api", error="invalid_token", error_description="The token is bound to a certificate"'

/** Sends a token as the proxy does, which has authenticated the client by a certificate. */
async function send(token: string, der?: Buffer, authorization: Record<string, string> = bearer(token)) {
  const certificate = der ? { 'client-cert': `:${der.toString('base64')}:` } : {}
  const response = await fetch(`${app.url}/api/private`, { headers: { ...authorization, ...certificate } })
  return { status: response.status, challenge: response.headers.get('www-authenticate') ?? '' }
}

t.test('RFC 8705, 3: a bound token is accepted from the holder of its certificate', async (t) => {
  for (let i = 0; i < 2; i++) t.match(await send(token, own.der), { status: 200 })
  t.match(await send(await issuer.sign(), own.der), { status: 200 }, 'a bearer token beside a certificate')
})

t.test('RFC 8705, 3: with another certificate, or without one, it is 401 invalid_token', async (t) => {
  for (const der of [undefined, other.der, Buffer.concat([own.der, other.der]), own.der.subarray(1)]) {
    const { status, challenge } = await send(token, der)
    t.equal(status, 401)
    t.ok(challenge.startsWith(BOUND), challenge)
  }
  t.match(await send(token, own.der), { status: 200 })
})

t.test('RFC 8705, 3.1: x5t#S256 is the SHA-256 of the certificate in base64url', async (t) => {
  for (const hash of [
    Buffer.from(own.x5tS256, 'base64url').toString('hex'),
    `${own.x5tS256}=`,
    '',
    7,
    null,
  ]) {
    const other = await issuer.sign({ cnf: { 'x5t#S256': hash } })
    t.match(await send(other, own.der), { status: 401 }, String(hash))
  }
})

t.test('RFC 8705, 3.1: a token that is bound to a certificate and to a key needs both', async (t) => {
  const key = await makeProofKey()
  const both = await issuer.sign({ cnf: { 'x5t#S256': own.x5tS256, jkt: key.jkt } })
  const { status, challenge } = await send(both, own.der)
  t.equal(status, 401)
  t.match(challenge, /The token is bound to a key/)
  const dpop = makeProof(key, { url: `${app.url}/api/private`, token: both })
  const proven = { authorization: `DPoP ${both}`, dpop }
  for (const der of [undefined, other.der]) {
    const { status, challenge } = await send(both, der, proven)
    t.equal(status, 401)
    t.match(
      challenge,
      /DPoP realm="api", error="invalid_token", error_description="The token is bound to a cert/,
    )
  }
  t.match(await send(both, own.der, proven), { status: 200 }, 'the proof was not used up')
  t.match(await send(both, own.der, proven), { status: 401 })
  const certificateAlone = { ...proven, authorization: `DPoP ${token}` }
  t.match(await send(token, own.der, certificateAlone), { status: 401, challenge: /not bound to a key/ })
})
