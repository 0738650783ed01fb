import 'reflect-metadata' // needed by the next package, before it
import type { webcrypto } from 'node:crypto'
import { X509CertificateGenerator } from '@peculiar/x509'

const tenYears = 10 * 365 * 24 * 60 * 60 * 1000

/** A self-signed certificate of the RSA key, base64-encoded. */
export async function selfSignedCertificate(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    keys,
    notBefore: new Date(),
    notAfter: new Date(Date.now() + tenYears),
    signingAlgorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  })
  return Buffer.from(certificate.rawData).toString('base64')
}
