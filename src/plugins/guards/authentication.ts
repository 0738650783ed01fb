import { type RequiredLogin, TokenError, tokenErrors, type VerifiedToken } from '../auth/index.ts'
import { type TokenGuard, tokenGuard } from './evaluate.ts'
import type { Names } from './token-guards.ts'

/** Login that a guard requires: its class, its age, or both. */
export type AuthenticationLevel =
  | { readonly acr: Readonly<Names>; readonly maxAgeSeconds?: number }
  | { readonly acr?: Readonly<Names>; readonly maxAgeSeconds: number }

/** Text that a challenge can contain, without spaces. */
const ACR = /^[!#-[\]-~]+$/

/**
 * Guard: step-up authentication (RFC 9470). The token must say that the login behind it has one of the classes, and that it is
 * recent enough. Evaluated for each request, since a cached token ages.
 */
export function requiresAuthentication(level: AuthenticationLevel, toleranceSeconds: number): TokenGuard {
  const { acr, maxAgeSeconds } = level
  assertLevel(level)
  const login: RequiredLogin = {
    ...(acr === undefined ? {} : { acr: [...acr] }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
  }
  const required = [
    ...(acr === undefined ? [] : [`acr ${acr.join(' or ')}`]),
    ...(maxAgeSeconds === undefined ? [] : [`max_age ${maxAgeSeconds}`]),
  ]
  return tokenGuard({ kind: 'authentication', required }, (token) => {
    const detail = faultOf(token, login, toleranceSeconds, Date.now() / 1000)
    if (detail === undefined) return undefined
    const { insufficientAuthentication } = tokenErrors
    return () => new TokenError(insufficientAuthentication, 'authentication_level', { detail, login })
  })
}

/** Returns what the token lacks. A missing claim, and a time in the future, do not prove a login. */
function faultOf(
  { acr, authTime }: VerifiedToken,
  { acr: classes, maxAgeSeconds }: RequiredLogin,
  toleranceSeconds: number,
  nowSeconds: number,
): string | undefined {
  if (classes && (acr === null || !classes.includes(acr))) return 'acr is missing or not one of the required'
  if (maxAgeSeconds === undefined) return undefined
  if (authTime === null) return 'auth_time is missing'
  if (nowSeconds - authTime > maxAgeSeconds + toleranceSeconds) return `auth_time was ${authTime}`
  return authTime - nowSeconds > toleranceSeconds ? 'auth_time is in the future' : undefined
}

/** @throws {TypeError} for a level that any token would have, or that a challenge cannot express */
function assertLevel({ acr, maxAgeSeconds }: AuthenticationLevel): void {
  const isClass = acr === undefined || (acr.length > 0 && acr.every((name) => ACR.test(name)))
  const isAge = maxAgeSeconds === undefined || (Number.isSafeInteger(maxAgeSeconds) && maxAgeSeconds >= 0)
  if (isClass && isAge && (acr ?? maxAgeSeconds) !== undefined) return
  throw new TypeError(
    'app.requiresAuthentication needs values of acr, or a maxAgeSeconds, that a challenge can name',
  )
}
