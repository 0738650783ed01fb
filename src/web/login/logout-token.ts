import { ServiceError } from '../../errors/catalogue.ts'
import { isObject } from '../../http/fetch-json.ts'
import type { Claims } from '../../plugins/auth/index.ts'
import { MAX_SUBJECT_LENGTH, toText } from '../../schemas/text.ts'
import type { ClientTokens } from './client-tokens.ts'
import { loginErrors } from './errors.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** Explicit typing is only recommended (2.4); some issuers write `JWT` or omit it. */
const TYPES = ['logout+jwt', 'jwt']
const MAX_LENGTH = 1_000
/** Tokens are recommended to expire within two minutes (2.4). Any `jti` has to be remembered until its token expires. */
const MAX_AGE_SECONDS = 86_400

/** A session that ended at the issuer. At least one of `subject` and `sid` is known. */
export interface LogoutToken {
  readonly issuer: string
  readonly subject: string | undefined
  readonly sid: string | undefined
  /** The `jti`: the caller has to make sure that no token is used twice. */
  readonly id: string
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** Seconds since the epoch. */
  readonly expiresAt: number
}

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6), except that its `jti` is new. Encrypted tokens
 * are not supported.
 *
 * @param now milliseconds since the epoch
 * @throws {ServiceError} 400 when the token is not acceptable (2.8), 503 when the issuer is unavailable
 */
export async function verifyLogoutToken(
  token: string,
  tokens: ClientTokens,
  now: number,
): Promise<LogoutToken> {
  const claims = await tokens.verify(token, TYPES, loginErrors.invalidLogoutToken, now)
  const { iss, iat, jti, sub, sid, exp } = claims
  if (iat === undefined) throw unacceptable('iat is missing')
  // The verification made sure that both are numbers
  const issuedAt = iat as number
  if (issuedAt < now / 1000 - MAX_AGE_SECONDS) throw unacceptable('iat is more than one day ago')
  const expiresAt = exp as number
  if (expiresAt > now / 1000 + MAX_AGE_SECONDS) throw unacceptable('exp is more than one day ahead')
  if (!isText(jti)) throw unacceptable('jti is missing or not text')
  checkEvents(claims)
  if ('nonce' in claims) throw unacceptable('nonce is present, as in an ID token')
  if (sub === undefined && sid === undefined) throw unacceptable('neither sub nor sid')
  if (sub !== undefined && !isText(sub, MAX_SUBJECT_LENGTH)) throw unacceptable('sub is not text')
  if (sid !== undefined && !isText(sid)) throw unacceptable('sid is not text')
  return { issuer: iss as string, subject: sub, sid, id: jti, issuedAt, expiresAt }
}

function checkEvents({ events }: Claims): void {
  if (!isObject(events) || !isObject(events[EVENT])) throw unacceptable('events does not name a logout')
}

function isText(value: unknown, maxLength = MAX_LENGTH): value is string {
  return toText(value, maxLength) !== undefined
}

function unacceptable(detail: string): ServiceError {
  return new ServiceError(loginErrors.invalidLogoutToken, { detail })
}
