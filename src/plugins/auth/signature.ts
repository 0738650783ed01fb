import type { KeyObject, webcrypto } from 'node:crypto'

/** Says whether a compact JWS was signed with the one key, by the one algorithm, that it was made for. */
export type VerifySignature = (token: string) => Promise<boolean>

type Parameters = webcrypto.Algorithm &
  Partial<webcrypto.RsaHashedImportParams & webcrypto.EcKeyImportParams & webcrypto.RsaPssParams>

/**
 * RFC 7515, section 5.2, step 8, with the algorithms of RFC 7518, section 3, and RFC 8037. Web Crypto works in the
 * thread pool, so that a flood of forged tokens holds up nobody whose token is known, and is exact where `node:crypto`
 * would have to be told: the salt of PS256 is as long as the digest, the signature of ES256 is two numbers and not DER.
 */
export function signatureVerifier(key: KeyObject, algorithm: string): VerifySignature {
  const parameters = toParameters(algorithm)
  const cryptoKey = key.toCryptoKey(parameters, false, ['verify'])
  return (token) => {
    const end = token.lastIndexOf('.')
    const signature = Buffer.from(token.slice(end + 1), 'base64url')
    return crypto.subtle.verify(parameters, cryptoKey, signature, Buffer.from(token.slice(0, end)))
  }
}

function toParameters(algorithm: string): Parameters {
  const family = algorithm.slice(0, 2)
  const bits = Number(algorithm.slice(2))
  const hash = `SHA-${bits}`
  if (family === 'RS') return { name: 'RSASSA-PKCS1-v1_5', hash }
  if (family === 'PS') return { name: 'RSA-PSS', hash, saltLength: bits / 8 }
  if (family === 'ES') return { name: 'ECDSA', hash, namedCurve: curves[algorithm] as string }
  return { name: 'Ed25519' }
}

const curves: Record<string, string> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }
