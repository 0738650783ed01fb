import type { JWK } from 'jose'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'

/**
 * Generates a private RS256 key, so that none is committed. `kid` is its thumbprint (RFC 7638). `x5c` has a self-signed
 * certificate of the key, as in Auth0's key set.
 */
export async function generateSigningKey(): Promise<JWK> {
  const keys = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true })
  const jwk = await exportJWK(keys.privateKey)
  const { selfSignedCertificate } = await import('./certificate.ts')
  const x5c = [await selfSignedCertificate(keys)]
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'RS256', use: 'sig', x5c }
}
