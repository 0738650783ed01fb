import { isObject } from '../../http/fetch-json.ts'
import { TokenError, tokenErrors } from './errors.ts'

/** Scheme of the `Authorization` header. */
export type Scheme = 'Bearer' | 'DPoP'

/** One or more spaces separate the scheme from the token (`1*SP`; RFC 6750, section 2.1 and RFC 9449, section 7.1). */
const BEARER = /^Bearer +([^ ]+)$/i
const DPOP = /^DPoP +([^ ]+)$/i

/** Returns the token of the scheme Bearer. */
export function bearerToken(authorization: string): string | undefined {
  return BEARER.exec(authorization)?.[1]
}

/**
 * Returns the token of the scheme DPoP, from a header without a bearer token.
 *
 * @throws {TokenError} 401
 */
export function dpopToken(authorization: string, acceptsDpop: boolean): string {
  const token = acceptsDpop ? DPOP.exec(authorization)?.[1] : undefined
  if (token !== undefined) return token
  const isKnownScheme = acceptsDpop ? /^(Bearer|DPoP)\s/i : /^Bearer\s/i
  throw isKnownScheme.test(authorization)
    ? new TokenError(tokenErrors.malformedHeader, 'malformed')
    : new TokenError(tokenErrors.missing, 'missing')
}

/** Returns the scheme whose challenge has the error. */
export function schemeOf(authorization = ''): Scheme {
  return /^DPoP\s/i.test(authorization) ? 'DPoP' : 'Bearer'
}

/**
 * RFC 6750, section 2: a client must not use more than one method to send a token in each request.
 *
 * @param parameters parsed query or form
 * @throws {TokenError} 400
 */
export function rejectSecondToken(parameters: unknown): void {
  const isRepeated = isObject(parameters) && 'access_token' in parameters
  if (isRepeated) throw new TokenError(tokenErrors.severalTokens, 'malformed')
}
