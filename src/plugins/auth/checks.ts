import { ServiceError } from '../../errors/catalogue.ts'
import type { RefusalReason } from '../../errors/token-reasons.ts'
import type { Claims } from './verified-token.ts'

/** What a token must be, beside signed. */
export interface Policy {
  readonly algorithms: readonly string[]
  readonly issuers: readonly string[]
  readonly audiences: readonly string[]
  readonly clockToleranceSeconds: number
}

export type Header = Readonly<Record<string, unknown>>

/**
 * The checks that need no key, cheap ones first; pure, so the time is an argument.
 * Not checked: `jti` (no replay register), `azp`, `auth_time`, `acr`; encrypted tokens are not read at all.
 *
 * @param nowSeconds seconds since the epoch
 * @throws {ServiceError} 401 with the reason in `detail`
 */
export function checkUnsigned(header: Header, claims: Claims, policy: Policy, nowSeconds: number): void {
  // RFC 8725, section 3.11 and RFC 9068, section 2.1: no ID token, logout token or DPoP proof passes for an access token
  checkHeader(header, policy, isAccessTokenType)
  checkIssuer(claims, policy)
  checkAudience(claims, policy)
  checkSubject(claims)
  checkTimes(claims, policy, nowSeconds)
}

/**
 * RFC 7519, sections 4.1.4 to 4.1.6. The only checks that can change their answer for the same token: they are
 * repeated for tokens that were accepted before.
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

export function checkHeader(
  { alg, typ, crit, kid }: Header,
  policy: Policy,
  isRightType: (typ: string) => boolean,
): void {
  // RFC 8725, section 3.1: the allow-list decides, never the token
  if (typeof alg !== 'string' || !policy.algorithms.includes(alg))
    throw unusable('header', 'alg is not accepted')
  if (typ !== undefined && !(typeof typ === 'string' && isRightType(typ)))
    throw unusable('header', 'typ is that of another kind of token')
  // RFC 7515, section 4.1.11: no extension is understood here
  if (crit !== undefined) throw unusable('header', 'crit names an extension')
  if (kid !== undefined && typeof kid !== 'string') throw unusable('header', 'kid is not a string')
}

/** RFC 7515, section 4.1.9: compared without case, `application/` may be left out. */
function isAccessTokenType(typ: string): boolean {
  return /^(application\/)?(jwt|at\+jwt)$/i.test(typ)
}

export function checkIssuer({ iss }: Claims, policy: Policy): void {
  if (typeof iss !== 'string' || !policy.issuers.includes(iss))
    throw wrongClaims('issuer', 'iss is not a configured issuer')
}

export function checkAudience({ aud }: Claims, policy: Policy): void {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!audiences.every((item) => typeof item === 'string'))
    throw wrongClaims('audience', 'aud is missing or not text')
  if (!audiences.some((item) => policy.audiences.includes(item)))
    throw wrongClaims('audience', 'aud names another API')
}

function checkSubject({ sub }: Claims): void {
  if (typeof sub !== 'string' || sub === '') throw unusable('claims', 'sub is missing or not text')
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function expired(exp: number) {
  return new ServiceError('expired_token', { reason: 'expired', detail: `exp was ${exp}` })
}

function unusable(reason: RefusalReason, detail: string) {
  return new ServiceError('unusable_token', { reason, detail })
}

function wrongClaims(reason: RefusalReason, detail: string) {
  return new ServiceError('wrong_claims', { reason, detail })
}
