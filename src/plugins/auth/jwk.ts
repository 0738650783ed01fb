import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'

/** A key as the issuer publishes it (RFC 7517). */
export type Jwk = Readonly<JsonWebKey>

/**
 * The public key, if the JWK is fit to verify signatures of the algorithm, else undefined: right type and curve,
 * meant for signatures (RFC 7517, sections 4.2 to 4.4), RSA at least 2048 bits (RFC 7518, section 3.3).
 */
export function toPublicKey(jwk: Jwk, algorithm: string): KeyObject | undefined {
  const fits = isOfType(jwk, algorithm) && isMeantFor(jwk, algorithm) && isPublic(jwk)
  const key = fits ? importJwk(jwk) : undefined
  return key && isStrong(key) ? key : undefined
}

function isOfType({ kty, crv }: Jwk, algorithm: string): boolean {
  if (algorithm === 'EdDSA') return kty === 'OKP' && crv === 'Ed25519'
  if (algorithm.startsWith('ES')) return kty === 'EC' && crv === curves[algorithm]
  return kty === 'RSA'
}

const curves: Record<string, string> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

function isMeantFor({ use, key_ops, alg }: Jwk, algorithm: string): boolean {
  if (alg !== undefined && alg !== algorithm) return false
  if (use !== undefined && use !== 'sig') return false
  return key_ops === undefined || isListOfOperations(key_ops, 'verify')
}

/** RFC 7517, section 4.3: text, and none of it twice. */
function isListOfOperations(operations: unknown, wanted: string): boolean {
  if (!Array.isArray(operations) || !operations.includes(wanted)) return false
  const isText = operations.every((operation) => typeof operation === 'string')
  return isText && new Set(operations).size === operations.length
}

/** A private key that was published is anyone's key. */
function isPublic(jwk: Jwk): boolean {
  return jwk.d === undefined
}

function importJwk(jwk: Jwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined // not a point on the curve, not base64url, ...
  }
}

/** FIPS 186-5, section 5.4: an odd exponent above 2^16; the upper bounds keep one check from taking seconds. */
function isStrong({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType !== 'rsa') return true
  const { modulusLength, publicExponent } = asymmetricKeyDetails as {
    modulusLength: number
    publicExponent: bigint
  }
  const isSane = publicExponent % 2n === 1n && publicExponent > 2n ** 16n && publicExponent < 2n ** 32n
  return isSane && modulusLength >= 2048 && modulusLength <= 8192
}
