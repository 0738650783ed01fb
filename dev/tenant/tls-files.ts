import { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate is replaced this long before its end. */
const marginMs = 30 * 24 * 60 * 60 * 1000

const ownerOnly = { mode: 0o600 }

/** Path of the certificate authority of a tenant whose data is in the folder. */
export function caFileOf(folder: string): string {
  return join(folder, 'ca.pem')
}

/** Certificate and private key of the tenant, both PEM. */
export interface TlsOptions {
  cert: string
  key: string
}

/**
 * Reads the certificate of the tenant from the folder. Creates it, with its certificate authority, at the first start and
 * before it expires.
 */
export async function tlsOptionsOf(folder: string, now = Date.now()): Promise<TlsOptions> {
  const [caFile, certFile, keyFile] = [caFileOf(folder), join(folder, 'tls.pem'), join(folder, 'tls-key.pem')]
  if (![caFile, certFile, keyFile].every((file) => existsSync(file)) || expires(certFile, now)) {
    const { createServerCertificate } = await import('./server-certificate.ts')
    const { ca, certificate, key } = await createServerCertificate(now)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    rmSync(keyFile, { force: true }) // the mode applies to new files only
    writeFileSync(keyFile, key, ownerOnly)
    writeFileSync(certFile, certificate)
    writeFileSync(caFile, ca)
  }
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
}

function expires(certFile: string, now: number): boolean {
  return new X509Certificate(readFileSync(certFile)).validToDate.getTime() < now + marginMs
}
