import { fetchJson, isObject } from '../../http/fetch-json.ts'
import { secureUrl } from '../../http/secure-url.ts'
import type { Jwk } from './jwk.ts'

const TIMEOUT_MS = 5_000

/**
 * Downloads the issuer's whole key set (RFC 7517, section 5), found through its discovery document
 * (OpenID Connect Discovery 1.0, section 4).
 *
 * @throws whatever went wrong on the way; the message is for the log
 */
export async function fetchKeys(issuer: string): Promise<readonly Jwk[]> {
  const signal = AbortSignal.timeout(TIMEOUT_MS) // one for both documents
  const { jwks_uri } = await fetchDiscovery(issuer, signal)
  if (typeof jwks_uri !== 'string' || !secureUrl(jwks_uri))
    throw new Error('jwks_uri is missing or not https')
  const { keys } = await fetchJson(jwks_uri, signal)
  if (!Array.isArray(keys)) throw new Error('the key set has no keys')
  return keys.filter(isObject)
}

/** What the issuer says of itself. Throws like {@link fetchKeys}. */
export async function fetchDiscovery(issuer: string, signal = AbortSignal.timeout(TIMEOUT_MS)) {
  const discovery = await fetchJson(discoveryUrl(issuer), signal)
  // Discovery 1.0, section 4.3: without this, another issuer's keys could be passed off as this one's
  if (discovery.issuer !== issuer)
    throw new Error(`the discovery document names another issuer than ${issuer}`)
  return discovery
}

export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
}
