import { existsSync, readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { caFile } from './local-settings.ts'

/**
 * Makes this process trust the certificate of the local tenant, if it has one. NODE_EXTRA_CA_CERTS would do the same, but
 * Node.js reads it only at its start.
 */
export function trustTenant(): void {
  if (!existsSync(caFile())) return
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(caFile(), 'utf8')])
}
