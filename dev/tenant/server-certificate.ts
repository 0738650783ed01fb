import 'reflect-metadata' // needed by the next package, before it
import { KeyObject, webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** The longest lifetime that Apple's platforms accept: 825 days. */
const lifetimeMs = 825 * 24 * 60 * 60 * 1000

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' }
const authorityName = 'CN=Gatehouse local tenant CA'

/** PEM texts. */
export interface ServerCertificate {
  ca: string
  certificate: string
  key: string
}

/**
 * Creates a certificate authority (CA), and a certificate by it for the names of the loopback (RFC 5280). The key of the CA
 * is not kept: programs that trust the CA trust this one certificate.
 */
export async function createServerCertificate(now: number): Promise<ServerCertificate> {
  const { subtle } = webcrypto
  const authorityKeys = await subtle.generateKey(algorithm, false, ['sign', 'verify'])
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const common = { notBefore: new Date(now), notAfter: new Date(now + lifetimeMs), signingAlgorithm }
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...common,
    name: authorityName,
    keys: authorityKeys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  })
  const certificate = await X509CertificateGenerator.create({
    ...common,
    subject: 'CN=localhost',
    issuer: authorityName,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new BasicConstraintsExtension(false),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
      await AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return {
    ca: `${ca.toString('pem')}\n`,
    certificate: `${certificate.toString('pem')}\n`,
    key: String(KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' })),
  }
}
