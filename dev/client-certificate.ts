import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { CertificateHeader } from '../src/http/client-certificate.ts'
import { certificateHeader } from './local-settings.ts'

/** Values of the headers in which proxies pass a certificate. */
const values: Record<CertificateHeader, (certificate: X509Certificate) => string> = {
  'client-cert': ({ raw }) => `:${raw.toString('base64')}:`,
  'x-forwarded-client-cert': (certificate) => `Cert="${encodeURIComponent(String(certificate))}"`,
  'ssl-client-cert': (certificate) => encodeURIComponent(String(certificate)),
}

/**
 * Returns the header with which the local tenant gets the certificate in the file (PEM), as from a proxy.
 *
 * @throws {Error} if the file cannot be read
 */
export function forwardedCertificate(file: string): Record<string, string> {
  const header = certificateHeader()
  return { [header]: values[header](read(file)) }
}

function read(file: string): X509Certificate {
  try {
    return new X509Certificate(readFileSync(file))
  } catch (error) {
    throw new Error(`${file} is not a certificate that can be read: ${(error as Error).message}`)
  }
}
