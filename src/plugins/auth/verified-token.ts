import { ServiceError } from '../../errors/catalogue.ts'

/** An access token whose signature and claims were checked. Frozen through and through: requests share it. */
export interface VerifiedToken {
  readonly issuer: string
  readonly subject: string
  /** The client the token was issued to: `azp` (OpenID Connect Core, section 2) or `client_id` (RFC 9068). */
  readonly clientId: string | null
  readonly scopes: readonly string[]
  readonly permissions: readonly string[]
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** Everything the token says, as it stands there. */
  readonly claims: Claims
}

export type Claims = Readonly<Record<string, unknown>>

/** Reads claims that have passed the checks. An odd-shaped scope or permission claim grants nothing. */
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
 * The caller of a route whose guard has run.
 *
 * @throws {ServiceError} 401 on a route without one
 */
export function requireToken(token: VerifiedToken | null): VerifiedToken {
  if (token) return token
  throw new ServiceError('missing_token')
}

/** Not by recursion: a token nested deeply enough would end the stack. */
function deepFreeze<T>(value: T): T {
  const parts: unknown[] = [value]
  // Grows while it is walked
  for (const part of parts) {
    if (typeof part !== 'object' || part === null) continue
    for (const item of Object.values(Object.freeze(part))) parts.push(item)
  }
  return value
}
