import { secureUrl } from '../secure-url.ts'
import type { Jwk } from './jwk.ts'

const TIMEOUT_MS = 5_000
const MAX_BYTES = 1_048_576

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

async function fetchJson(url: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  // A redirect could lead anywhere, and a signer's keys must not come from anywhere
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  const document: unknown = JSON.parse(await readText(response))
  if (!isObject(document)) throw new Error(`${url} is not a JSON object`)
  return document
}

/** Reads as it comes and stops at the limit: neither an endless answer nor a compressed bomb fills the memory. */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  // An answer to GET with status 200 has a body, if an empty one (Fetch standard, null body status)
  for await (const chunk of response.body as NonNullable<typeof response.body>) {
    size += chunk.byteLength
    if (size > MAX_BYTES) throw new Error(`${response.url} is longer than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
