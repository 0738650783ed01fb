import { type Jwk, toPublicKey } from './jwk.ts'
import { signatureVerifier, type VerifySignature } from './signature.ts'

export interface SigningKey {
  /** Algorithm and `kid`: what a token's header asks for. */
  readonly name: string
  readonly verify: VerifySignature
  /** Text of the JWK: the same text is the same key. */
  readonly material: string
}

/** One entry per algorithm and `kid`. A key published before keeps its identity, so tokens it signed stay known. */
export function indexKeys(
  jwks: readonly Jwk[],
  algorithms: readonly string[],
  known: ReadonlyMap<string, SigningKey>,
): Map<string, SigningKey> {
  const keys = new Map<string, SigningKey>()
  const ambiguous = new Set<string>()
  for (const jwk of jwks) {
    for (const algorithm of algorithms) {
      const key = toSigningKey(jwk, algorithm, known)
      if (!key) continue
      if (keys.has(key.name)) ambiguous.add(key.name)
      keys.set(key.name, key)
    }
  }
  for (const name of ambiguous) keys.delete(name) // which of them was meant cannot be told
  return keys
}

/** A token without `kid` is for a key without `kid`. */
export function keyName(algorithm: string, kid: string | undefined): string {
  return kid === undefined ? algorithm : `${algorithm} ${kid}`
}

function toSigningKey(
  jwk: Jwk,
  algorithm: string,
  known: ReadonlyMap<string, SigningKey>,
): SigningKey | undefined {
  const name = keyName(algorithm, typeof jwk.kid === 'string' ? jwk.kid : undefined)
  const material = JSON.stringify(jwk)
  const before = known.get(name)
  if (before?.material === material) return before
  const key = toPublicKey(jwk, algorithm)
  return key && { name, material, verify: signatureVerifier(key, algorithm) }
}
