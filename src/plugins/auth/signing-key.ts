import { constants, type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto'
import { type Jwk, thumbprint, toPublicKey } from './jwk.ts'

/** A key of an issuer, ready to verify signatures of one algorithm. */
export interface SigningKey {
  /** Algorithm and `kid`, as in the header of a token. */
  readonly name: string
  /** Thumbprint (RFC 7638). */
  readonly thumbprint: string
  /** Issuer whose tokens the key may sign, where several share a key set. `{tenantid}` stands for the tenant. */
  readonly issuer?: string | undefined
  /** The key as it is published. */
  readonly jwk: Jwk
  /** Verifies the signature of a compact JWS (RFC 7515, section 5.2, step 8). */
  readonly verify: (token: string) => boolean
}

/** Names a key. */
export function keyName(algorithm: string, kid: string | undefined): string {
  return kid === undefined ? algorithm : `${algorithm} ${kid}`
}

/** @returns undefined if the JWK is not usable with the algorithm */
export function toSigningKey(jwk: Jwk, algorithm: string): SigningKey | undefined {
  const key = toPublicKey(jwk, algorithm)
  return (
    key && {
      name: keyName(algorithm, kidOf(jwk)),
      thumbprint: thumbprint(jwk),
      issuer: typeof jwk.issuer === 'string' ? jwk.issuer : undefined,
      jwk,
      verify: signatureVerifier(key, algorithm),
    }
  )
}

/**
 * Finds the key of a token. One without `kid` may be signed by a key without `kid` or by the only key of the algorithm
 * (RFC 7515, section 4.1.4).
 */
export function findKey(
  keys: ReadonlyMap<string, SigningKey>,
  algorithm: string,
  kid: string | undefined,
): SigningKey | undefined {
  const key = keys.get(keyName(algorithm, kid))
  if (key || kid !== undefined) return key
  const fitting = [...keys.values()].filter(({ name }) => name.startsWith(`${algorithm} `))
  return fitting.length === 1 ? fitting[0] : undefined
}

/** Lists the JWKs of keys. A JWK without `alg` is a key of several algorithms. */
export function publishedKeys(keys: readonly SigningKey[]): readonly Jwk[] {
  return [...new Map(keys.map(({ jwk }) => [`${thumbprint(jwk)} ${kidOf(jwk)}`, jwk])).values()]
}

export function kidOf({ kid }: Jwk): string | undefined {
  return typeof kid === 'string' ? kid : undefined
}

/**
 * Verifies signatures (RFC 7518, section 3; RFC 8037) synchronously: the thread pool takes more than twice the processor
 * time for every algorithm (docs/decisions/0008).
 */
function signatureVerifier(key: KeyObject, algorithm: string): SigningKey['verify'] {
  const digest = algorithm === 'EdDSA' ? null : `sha${algorithm.slice(2)}`
  const input = withPadding(key, algorithm)
  return (token) => {
    const end = token.lastIndexOf('.')
    const signature = Buffer.from(token.slice(end + 1), 'base64url')
    return verify(digest, Buffer.from(token.slice(0, end)), input, signature)
  }
}

/** RFC 7518: the salt of PS256 is as long as its digest (3.5), and ES256 signatures are two numbers, not DER (3.4). */
function withPadding(key: KeyObject, algorithm: string): KeyObject | VerifyKeyObjectInput {
  if (algorithm.startsWith('ES')) return { key, dsaEncoding: 'ieee-p1363' }
  if (!algorithm.startsWith('PS')) return key // an object around the key would cost 10 us
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
}
