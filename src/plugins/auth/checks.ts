import { TokenError, type TokenErrorReason, tokenErrors, unusable } from './errors.ts'
import type { Claims } from './verified-token.ts'

/** Claim and header rules, apart from the signature. */
export interface Policy {
  readonly algorithms: readonly string[]
  readonly issuers: readonly string[]
  readonly audiences: readonly string[]
  readonly clockToleranceSeconds: number
}

const MAX_SUBJECT_LENGTH = 255

export type Header = Readonly<Record<string, unknown>>

/**
 * Checks an access token without its signature (RFC 9068, section 4). Not checked: `jti` (tokens may be used more than
 * once), `azp`, `auth_time`, `acr`. Encrypted tokens are not supported.
 *
 * @param nowSeconds seconds since the epoch
 * @throws {TokenError} 401 with the reason in `detail`
 */
export function checkAccessToken(header: Header, claims: Claims, policy: Policy, nowSeconds: number): void {
  // RFC 8725, section 3.11 and RFC 9068, section 2.1: an ID token, logout token or DPoP proof is not an access token
  checkJwt(header, claims, policy, isAccessTokenType, nowSeconds)
  checkSubject(claims)
}

/** Checks that all kinds of tokens share, cheap ones first. Pure: the time is an argument. */
export function checkJwt(
  header: Header,
  claims: Claims,
  policy: Policy,
  isExpectedType: (typ: string) => boolean,
  nowSeconds: number,
): void {
  checkHeader(header, policy, isExpectedType)
  checkIssuer(claims, policy)
  checkAudience(claims, policy)
  checkTimes(claims, policy, nowSeconds)
}

/**
 * Checks the times (RFC 7519, sections 4.1.4 to 4.1.6). Only these results change with time, so cached tokens are checked
 * again.
 */
export function checkTimes({ exp, nbf, iat }: Claims, policy: Policy, nowSeconds: number): void {
  const tolerance = policy.clockToleranceSeconds
  if (!isTime(exp)) throw unusable('claims', 'exp is missing or not a number')
  if (nowSeconds >= exp + tolerance) throw expired(exp)
  if (nbf !== undefined && !isTime(nbf)) throw unusable('claims', 'nbf is not a number')
  if (nbf !== undefined && nowSeconds < nbf - tolerance)
    throw unusable('not_yet_valid', 'nbf is in the future')
  if (iat !== undefined && !isTime(iat)) throw unusable('claims', 'iat is not a number')
  if (iat !== undefined && nowSeconds < iat - tolerance)
    throw unusable('not_yet_valid', 'iat is in the future')
}

function checkHeader(
  { alg, typ, crit, kid }: Header,
  policy: Policy,
  isExpectedType: (typ: string) => boolean,
): void {
  // RFC 8725, section 3.1: the allow-list decides, never the token
  if (typeof alg !== 'string' || !policy.algorithms.includes(alg))
    throw unusable('header', 'alg is not accepted')
  if (typ !== undefined && !(typeof typ === 'string' && isExpectedType(typ)))
    throw unusable('header', 'typ is that of another kind of token')
  // RFC 7515, section 4.1.11: no extension is supported
  if (crit !== undefined) throw unusable('header', 'crit names an extension')
  if (kid !== undefined && typeof kid !== 'string') throw unusable('header', 'kid is not a string')
}

/** RFC 7515, section 4.1.9: case-insensitive, and `application/` may be omitted. */
function isAccessTokenType(typ: string): boolean {
  return /^(application\/)?(jwt|at\+jwt)$/i.test(typ)
}

function checkIssuer({ iss }: Claims, policy: Policy): void {
  if (typeof iss !== 'string' || !policy.issuers.includes(iss))
    throw wrongClaims('issuer', 'iss is not a configured issuer')
}

function checkAudience({ aud }: Claims, policy: Policy): void {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!audiences.every((item) => typeof item === 'string'))
    throw wrongClaims('audience', 'aud is missing or not text')
  if (!audiences.some((item) => policy.audiences.includes(item)))
    throw wrongClaims('audience', 'aud names another API')
}

/**
 * Requires at most 255 characters (OpenID Connect Core 1.0, section 2). Databases replace lone surrogates with U+FFFD, which would
 * make different subjects equal (RFC 8725, section 3.7), and PostgreSQL does not accept U+0000.
 */
function checkSubject({ sub }: Claims): void {
  if (typeof sub !== 'string' || sub === '') throw unusable('claims', 'sub is missing or not text')
  if (sub.length > MAX_SUBJECT_LENGTH) throw unusable('claims', 'sub is longer than 255 characters')
  if (!sub.isWellFormed() || sub.includes('\0')) throw unusable('claims', 'sub is not well-formed text')
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function expired(exp: number) {
  return new TokenError(tokenErrors.expired, 'expired', { detail: `exp was ${exp}` })
}

function wrongClaims(reason: TokenErrorReason, detail: string) {
  return new TokenError(tokenErrors.wrongClaims, reason, { detail })
}
