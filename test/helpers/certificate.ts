import 'reflect-metadata'
import { hash } from 'node:crypto'
import { X509CertificateGenerator } from '@peculiar/x509'

/** A client certificate in the encodings of proxies. */
export interface TestCertificate {
  /** DER. */
  readonly der: Buffer
  readonly pem: string
  /** SHA-256 of DER in base64url, for `cnf` of a token. */
  readonly x5tS256: string
}

export async function makeCertificate(name = 'client'): Promise<TestCertificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned(
    { name: `CN=${name}`, keys, signingAlgorithm: algorithm },
    crypto,
  )
  const der = Buffer.from(certificate.rawData)
  return { der, pem: certificate.toString('pem'), x5tS256: hash('sha256', der, 'base64url') }
}
