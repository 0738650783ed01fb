import { TokenError, tokenErrors } from './errors.ts'

/** An access token whose signature and claims were checked. Deeply frozen, since requests share it. */
export interface VerifiedToken {
  readonly issuer: string
  readonly subject: string
  /** The client of the token: `azp` (OpenID Connect Core 1.0, section 2) or `client_id` (RFC 9068). */
  readonly clientId: string | null
  readonly scopes: readonly string[]
  readonly permissions: readonly string[]
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** All claims as they are in the token. */
  readonly claims: Claims
}

export type Claims = Readonly<Record<string, unknown>>

/** Reads claims that passed the checks. A scope or permission claim of another type grants nothing. */
export function toVerifiedToken(claims: Claims): VerifiedToken {
  const { iss, sub, azp, client_id, scope, permissions, exp } = claims
  return deepFreeze({
    issuer: iss as string,
    subject: sub as string,
    clientId: [azp, client_id].find((id) => typeof id === 'string') ?? null,
    scopes: typeof scope === 'string' ? scope.split(' ').filter((item) => item !== '') : [],
    permissions: Array.isArray(permissions) ? permissions.filter((item) => typeof item === 'string') : [],
    expiresAt: exp as number,
    claims,
  })
}

/**
 * Narrows `request.token` behind a guard.
 *
 * @throws {TokenError} 401 on a route without a guard
 */
export function requireToken(token: VerifiedToken | null): VerifiedToken {
  if (token) return token
  throw new TokenError(tokenErrors.missing, 'missing')
}

function deepFreeze<T>(value: T): T {
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
