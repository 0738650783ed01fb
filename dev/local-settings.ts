import { join, resolve } from 'node:path'
import { type CertificateHeader, certificateHeaders } from '../src/http/client-certificate.ts'
import { secureUrl } from '../src/http/secure-url.ts'
import type { Settings } from './tenant/settings.ts'
import { throwawaySettings } from './tenant/settings.ts'
import { readSettings } from './tenant/settings-file.ts'
import { caFileOf } from './tenant/tls-files.ts'

/** The settings of the file, or those of README.md. The first audience of the environment is their API. */
export function localSettings(baseUrl: string): Settings {
  const { AUTH0_AUDIENCE: audience, TENANT_CONFIG: file } = process.env
  return readSettings(file) ?? throwawaySettings(baseUrl, audience?.split(',')[0]?.trim())
}

export function tenantPort(): number {
  return Number(process.env.TENANT_PORT || 4400)
}

/** Whether the tenant speaks https. */
export function usesTls(): boolean {
  const { TENANT_TLS: value = '' } = process.env
  if (!/^(0|1|false|true)?$/.test(value)) throw new Error('TENANT_TLS is wrong: expected 1 or 0')
  return /^(1|true)$/.test(value)
}

/** Header in which a proxy passes client certificates to the tenant, and to the service. */
export function certificateHeader(): CertificateHeader {
  const { CLIENT_CERT_HEADER: value = '' } = process.env
  const header = certificateHeaders.find((name) => name === (value || 'client-cert'))
  if (header) return header
  throw new Error(`CLIENT_CERT_HEADER is wrong: expected one of ${certificateHeaders.join(' ')}`)
}

/** Address at which the tenant listens, with the slash. */
export function tenantUrl(): string {
  return `${usesTls() ? 'https' : 'http'}://localhost:${tenantPort()}/`
}

/** Address of a proxy in front of the tenant, with the slash. */
export function proxyUrl(): string | undefined {
  const { TENANT_ISSUER: value } = process.env
  if (!value) return undefined
  const url = secureUrl(value)
  if (url?.href === `${url?.origin}/`) return url.href
  throw new Error(
    'TENANT_ISSUER is wrong: expected an https URL without a path, such as https://tenant.test/',
  )
}

/** Folder of everything that survives a restart. */
export function dataFolder(): string {
  return process.env.TENANT_DATA || 'data/tenant'
}

/** Keys, accounts and grants of the tenant. */
export function stateFile(): string {
  return join(dataFolder(), 'tenant.db')
}

/** Absolute path of the certificate authority of the tenant with https. */
export function caFile(): string {
  return resolve(caFileOf(dataFolder()))
}
