import { TokenError, tokenErrors } from './errors.ts'

/** An access token whose signature and claims were checked. Deeply frozen, since requests share it. */
export interface VerifiedToken {
  readonly issuer: string
  readonly subject: string
  /** Paths of the protected resources that accept its audience; `/` is that of all routes without another. */
  readonly resources: readonly string[]
  /** The client of the token: `azp` (OpenID Connect Core 1.0, section 2), `client_id` (RFC 9068) or an issuer's own name. */
  readonly clientId: string | null
  readonly scopes: readonly string[]
  readonly permissions: readonly string[]
  readonly roles: readonly string[]
  /** The organization or tenant of the user. */
  readonly organization: string | null
  /** Session of the user at the issuer. */
  readonly sid: string | null
  /** Authentication context class (RFC 9470, section 6.1). */
  readonly acr: string | null
  /** Time of the login in seconds since the epoch. */
  readonly authTime: number | null
  /** The party that acts for the subject, as in `act` (RFC 8693, section 4.1). */
  readonly actor: Claims | null
  /** Key or certificate that the sender has proved to hold. Null for a bearer token. */
  readonly confirmation: Confirmation | null
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** All claims as they are in the token. */
  readonly claims: Claims
}

/** Key or certificate that a token is bound to (RFC 7800). */
export interface Confirmation {
  /** Thumbprint of the key of DPoP proofs (RFC 9449, section 6.1). */
  readonly jkt?: string
  /** SHA-256 of the client certificate (RFC 8705, section 3.1). */
  readonly x5tS256?: string
}

export type Claims = Readonly<Record<string, unknown>>

/**
 * Narrows `request.token` behind a guard.
 *
 * @throws {TokenError} 401 on a route without a guard
 */
export function requireToken(token: VerifiedToken | null): VerifiedToken {
  if (token) return token
  throw new TokenError(tokenErrors.missing, 'missing')
}

/** Freezes the value and all nested values. */
export function deepFreeze<T>(value: T): T {
  for (const part of partsOf(value)) Object.freeze(part)
  return value
}

/** Estimates the memory of claims in bytes. It may be far more than the length of their text, as in `[{},{},{}]`. */
export function heapBytes(claims: Claims): number {
  let bytes = 0
  for (const part of partsOf(claims)) {
    if (typeof part === 'string') bytes += STRING_BYTES + part.length
    else if (typeof part === 'object' && part !== null) bytes += OBJECT_BYTES
    else bytes += VALUE_BYTES
  }
  return bytes
}

/** Sizes in V8 on a 64-bit machine, including the slot in the parent. */
const [OBJECT_BYTES, STRING_BYTES, VALUE_BYTES] = [72, 32, 24]

/** Lists the value and all nested values. Without recursion: a deeply nested token would overflow the stack. */
function partsOf(value: unknown): readonly unknown[] {
  const parts: unknown[] = [value]
  // The list grows during the iteration
  for (const part of parts) {
    if (typeof part !== 'object' || part === null) continue
    for (const item of Object.values(part)) parts.push(item)
  }
  return parts
}
