import { algorithmName } from './algorithm-name.ts'
import { checkConfirmation } from './confirmation.ts'
import { TokenError, tokenErrors, unusable, wrongClaims } from './errors.ts'
import type { Policy } from './policy.ts'
import { ROOT } from './resources.ts'
import type { Claims } from './verified-token.ts'

const MAX_SUBJECT_LENGTH = 255

export type Header = Readonly<Record<string, unknown>>

/** Header and claims of a decoded token. */
export interface UnverifiedToken {
  readonly header: Header
  readonly payload: Claims
}

/**
 * Checks an access token of the issuer without its signature, cheap checks first (RFC 9068, section 4). Not checked:
 * `jti` (tokens may be used more than once), `auth_time`, `acr`. Encrypted tokens are not supported. Pure: the time is an
 * argument.
 *
 * @param nowSeconds seconds since the epoch
 * @throws {TokenError} 401 with the reason in `detail`
 */
export function checkAccessToken(token: UnverifiedToken, policy: Policy, nowSeconds: number): void {
  checkJwt(token, policy, nowSeconds)
  const { payload } = token
  checkLifetime(payload, policy)
  checkKind(payload)
  checkRules(payload, policy)
  checkSubject(policy.subject(payload))
  checkConfirmation(payload, policy.confirmations)
}

/**
 * Checks a token of the issuer for another audience, such as an ID token. Parameters and errors as in
 * {@link checkAccessToken}.
 */
export function checkJwt({ header, payload }: UnverifiedToken, policy: Policy, nowSeconds: number): void {
  checkHeader(header, policy)
  checkAudience(payload, policy)
  checkTimes(payload, policy, nowSeconds)
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
  if (nbf !== undefined && nowSeconds < nbf - tolerance) throw notYetValid('nbf is in the future')
  if (iat !== undefined && !isTime(iat)) throw unusable('claims', 'iat is not a number')
  if (iat !== undefined && nowSeconds < iat - tolerance) throw notYetValid('iat is in the future')
}

function checkHeader({ alg, typ, crit, kid }: Header, { algorithms, types }: Policy): void {
  // RFC 8725, section 3.1: the allow-list decides, never the token
  if (typeof alg !== 'string' || !algorithms.includes(algorithmName(alg)))
    throw unusable('header', 'alg is not accepted')
  // RFC 8725, section 3.11 and RFC 9068, section 2.1: an ID token, logout token or DPoP proof is not an access token
  if (!isExpectedType(typ, types)) throw unusable('header', 'typ is that of another kind of token')
  // RFC 7515, section 4.1.11: no extension is supported
  if (crit !== undefined) throw unusable('header', 'crit names an extension')
  if (kid !== undefined && typeof kid !== 'string') throw unusable('header', 'kid is not a string')
}

/** RFC 7515, section 4.1.9: case-insensitive, and `application/` may be omitted. */
export function isExpectedType(typ: unknown, types: readonly string[]): boolean {
  if (typ === undefined) return types.includes('jwt')
  return typeof typ === 'string' && types.includes(typ.toLowerCase().replace(/^application\//, ''))
}

function checkAudience(claims: Claims, policy: Policy): void {
  const { aud, client_id } = claims
  const { audiences, clients } = policy
  if (clients && !(typeof client_id === 'string' && clients.includes(client_id)))
    throw wrongClaims('audience', 'client_id is not an accepted client')
  if (clients && (aud === undefined || audiences.length === 0)) return
  if (!valuesOf(aud).every((item) => typeof item === 'string'))
    throw wrongClaims('audience', 'aud is missing or not text')
  if (resourcesOf(claims, policy).length === 0) throw wrongClaims('audience', 'aud names another API')
}

/**
 * Returns the paths of the resources that the audience of a token allows. A token of an accepted client that names no
 * audience is for the root.
 */
export function resourcesOf({ aud }: Claims, { audiences, clients, resources }: Policy): readonly string[] {
  const values = valuesOf(aud)
  const declared = resources.accepting(values)
  const isForClient = clients !== undefined && (aud === undefined || audiences.length === 0)
  const isForRoot = values.some((item) => audiences.includes(item as string))
  return isForRoot || (isForClient && declared.length === 0) ? [ROOT, ...declared] : declared
}

function valuesOf(aud: unknown): readonly unknown[] {
  return Array.isArray(aud) ? aud : [aud]
}

/** Revocations are kept for as long as a token can live. The times have been checked. */
function checkLifetime({ exp, iat }: Claims, { maxLifetimeSeconds }: Policy): void {
  if (maxLifetimeSeconds === undefined) return
  if (iat === undefined || (exp as number) - (iat as number) > maxLifetimeSeconds)
    throw unusable('claims', `it may live for more than ${maxLifetimeSeconds} s`)
}

/** Rejects other tokens of the same issuer, which Cognito and Keycloak mark in their claims. ID tokens have hashes. */
function checkKind({ token_use, typ, at_hash, c_hash }: Claims): void {
  if (token_use !== undefined && token_use !== 'access') throw unusable('claims', 'token_use is not access')
  if (typeof typ === 'string' && /^(id|refresh|logout|offline)$/i.test(typ))
    throw unusable('claims', 'typ is that of another kind of token')
  if (at_hash !== undefined || c_hash !== undefined) throw unusable('claims', 'it is an ID token')
}

function checkRules(claims: Claims, { rules }: Policy): void {
  const broken = rules.find(({ holds }) => !holds(claims))
  if (broken) throw wrongClaims('claims', broken.description)
}

/**
 * Requires at most 255 characters (OpenID Connect Core 1.0, section 2). Databases replace lone surrogates with U+FFFD, which would
 * make different subjects equal (RFC 8725, section 3.7), and PostgreSQL does not accept U+0000.
 */
function checkSubject(sub: unknown): void {
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

function notYetValid(detail: string) {
  return new TokenError(tokenErrors.notYetValid, 'not_yet_valid', { detail })
}
