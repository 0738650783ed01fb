import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'

/** A key as an issuer publishes it (RFC 7517). */
export type Jwk = Readonly<JsonWebKey>

/**
 * Whether a JWK says that it is fit to verify signatures of the algorithm: right type and curve, meant for signatures
 * (RFC 7517, sections 4.2 to 4.4), not a private key, which would be anyone's once published.
 */
export function isFit(jwk: Jwk, algorithm: string): boolean {
  return isOfType(jwk, algorithm) && isMeantFor(jwk, algorithm) && jwk.d === undefined
}

/** @returns undefined when the key is not fit, broken, or RSA outside 2048 to 8192 bits (RFC 7518, section 3.3) */
export function toPublicKey(jwk: Jwk, algorithm: string): KeyObject | undefined {
  const key = isFit(jwk, algorithm) ? importJwk(jwk) : undefined
  return key && isStrong(key) ? key : undefined
}

/** RFC 7638: equal for equal key material, whatever else the JWK says. Base64url of SHA-256. */
export function thumbprint({ kty, crv, x, y, n, e }: Jwk): string {
  // The required members of the type, in lexicographic order. JSON.stringify omits members that are undefined
  const required = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y: kty === 'EC' ? y : undefined }
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url')
}

/** RFC 7518, section 6, and RFC 8037, section 2: a key without its required members is ignored (RFC 7517, section 5). */
function isOfType({ kty, crv, x, y, n, e }: Jwk, algorithm: string): boolean {
  if (algorithm === 'EdDSA') return kty === 'OKP' && crv === 'Ed25519' && isText(x)
  if (algorithm.startsWith('ES')) return kty === 'EC' && crv === curves[algorithm] && isText(x) && isText(y)
  return kty === 'RSA' && isText(n) && isText(e)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

const curves: Record<string, string> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

function isMeantFor({ use, key_ops, alg }: Jwk, algorithm: string): boolean {
  if (alg !== undefined && alg !== algorithm) return false
  if (use !== undefined && use !== 'sig') return false
  return key_ops === undefined || isListOfOperations(key_ops, 'verify')
}

/** RFC 7517, section 4.3: an array of strings without repetition. */
function isListOfOperations(operations: unknown, wanted: string): boolean {
  if (!Array.isArray(operations) || !operations.includes(wanted)) return false
  const isText = operations.every((operation) => typeof operation === 'string')
  return isText && new Set(operations).size === operations.length
}

function importJwk(jwk: Jwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined // not a point on the curve, not base64url, ...
  }
}

/** FIPS 186-5, section 5.4: an odd exponent above 2^16. The upper bounds keep one check from taking seconds. */
function isStrong({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType !== 'rsa') return true
  const { modulusLength, publicExponent } = asymmetricKeyDetails as {
    modulusLength: number
    publicExponent: bigint
  }
  const isSane = publicExponent % 2n === 1n && publicExponent > 2n ** 16n && publicExponent < 2n ** 32n
  return isSane && modulusLength >= 2048 && modulusLength <= 8192
}
