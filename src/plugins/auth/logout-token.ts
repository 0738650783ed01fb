import { ServiceError } from '../../errors/catalogue.ts'
import { isObject } from '../../http/fetch-json.ts'
import { checkAudience, checkHeader, checkIssuer, checkTimes, type Header, type Policy } from './checks.ts'
import { decodeToken, findSigner, type SignInTrust, toRefusal } from './signed-token.ts'
import type { Claims } from './verified-token.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const MAX_TEXT_LENGTH = 1_000

/** What an issuer says of a session that has ended there. At least one of `subject` and `sid` is known. */
export interface LogoutToken {
  readonly issuer: string
  readonly subject: string | undefined
  readonly sid: string | undefined
  /** Its own name: whoever acts on a token has to see to it that none is acted on twice. */
  readonly id: string
  /** Seconds since the epoch; later it is refused for its age. */
  readonly usableUntil: number
}

/**
 * OpenID Connect Back-Channel Logout 1.0, 2.6, but for the `jti` seen before, which takes a memory. Encrypted tokens
 * are not read.
 *
 * @param now milliseconds since the epoch
 * @throws {ServiceError} 400 when the token is not acceptable (2.8), 503 when that cannot be told
 */
export async function verifyLogoutToken(
  token: string,
  { policy, keySet, decode }: SignInTrust,
  now: number,
): Promise<LogoutToken> {
  try {
    const { header, payload } = decodeToken(token, decode)
    checkUnsigned(header, payload, policy, now / 1000)
    await findSigner(token, header, keySet, now)
    return toLogoutToken(payload, policy)
  } catch (error) {
    throw toRefusal(error, 'invalid_logout_token')
  }
}

function checkUnsigned(header: Header, claims: Claims, policy: Policy, nowSeconds: number): void {
  checkHeader(header, policy, isLogoutTokenType)
  checkIssuer(claims, policy)
  checkAudience(claims, policy)
  checkTimes(claims, policy, nowSeconds)
  if (claims.iat === undefined) throw unacceptable('iat is missing')
  if (!isText(claims.jti)) throw unacceptable('jti is missing or not text')
  checkEvents(claims)
  // So that no ID token passes for one
  if ('nonce' in claims) throw unacceptable('there is a nonce')
  checkWhom(claims)
}

/** Explicit typing is recommended only (2.4), and some issuers write `JWT` or nothing. */
function isLogoutTokenType(typ: string): boolean {
  return /^(application\/)?(logout\+jwt|jwt)$/i.test(typ)
}

function checkEvents({ events }: Claims): void {
  if (!isObject(events) || !isObject(events[EVENT])) throw unacceptable('events does not name a log-out')
}

function checkWhom({ sub, sid }: Claims): void {
  if (sub === undefined && sid === undefined) throw unacceptable('neither sub nor sid')
  if (sub !== undefined && !isText(sub)) throw unacceptable('sub is not text')
  if (sid !== undefined && !isText(sid)) throw unacceptable('sid is not text')
}

/** No database takes the character U+0000. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_LENGTH && !value.includes('\0')
}

function toLogoutToken(claims: Claims, { clockToleranceSeconds }: Policy): LogoutToken {
  const { iss, sub, sid, jti, exp } = claims
  return {
    issuer: iss as string,
    subject: sub as string | undefined,
    sid: sid as string | undefined,
    id: jti as string,
    usableUntil: (exp as number) + clockToleranceSeconds,
  }
}

function unacceptable(detail: string): ServiceError {
  return new ServiceError('invalid_logout_token', { detail })
}
