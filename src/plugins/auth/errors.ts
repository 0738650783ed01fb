import { define, type ErrorDefinition, type ErrorOptions, ServiceError } from '../../errors/catalogue.ts'

/** Errors of missing and rejected tokens, and of unavailable issuers. */
export const tokenErrors = {
  missing: define('missing_token', 401, 'Authentication credentials were not provided.'),
  severalTokens: define('invalid_request', 400, 'The request contains more than one access token'),
  malformedHeader: define('invalid_token', 401, 'Invalid token headers'),
  expired: define('invalid_token', 401, 'token is expired'),
  wrongClaims: define('invalid_token', 401, 'incorrect claims, please check the audience and issuer'),
  unusable: define('invalid_token', 401, 'Unable to parse authentication'),
  issuerUnavailable: define('issuer_unavailable', 503, 'The identity provider cannot be reached'),
}

/** Reason codes of rejected tokens. A closed set, because metrics use them as a label (docs/metrics.md). */
export const tokenErrorReasons = [
  'missing',
  'malformed',
  'header',
  'issuer',
  'audience',
  'claims',
  'expired',
  'not_yet_valid',
  'unknown_key',
  'signature',
  'issuer_unavailable',
] as const

export type TokenErrorReason = (typeof tokenErrorReasons)[number]

/** Error of a token that is not accepted. A 4xx has a challenge. */
export class TokenError extends ServiceError {
  override name = 'TokenError'
  readonly reason: TokenErrorReason

  constructor(definition: ErrorDefinition, reason: TokenErrorReason, options: ErrorOptions = {}) {
    const isChallenged = definition.statusCode < 500
    super(definition, isChallenged ? { ...options, headers: challenge(definition) } : options)
    this.reason = reason
  }
}

/**
 * Makes the `WWW-Authenticate` header (RFC 6750, section 3). A request without credentials gets no error code. Every 403
 * is `insufficient_scope`, because the RFC has no other code for it.
 *
 * @param scope names that the route requires
 */
export function challenge(
  { code, statusCode, message }: ErrorDefinition,
  scope: readonly string[] = [],
): Record<string, string> {
  const parameters: [string, string][] = [['realm', 'api']]
  if (code !== tokenErrors.missing.code) {
    parameters.push(['error', errorCodes[statusCode] as string])
    parameters.push(['error_description', message])
  }
  if (scope.length > 0) parameters.push(['scope', scope.join(' ')])
  return { 'www-authenticate': `Bearer ${parameters.map(([key, value]) => `${key}="${value}"`).join(', ')}` }
}

/** RFC 6750, section 3.1. */
const errorCodes: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'invalid_token',
  403: 'insufficient_scope',
}

/** Makes the error of a token whose fault is given in the log only. */
export function unusable(reason: TokenErrorReason, detail: string, cause?: unknown): TokenError {
  return new TokenError(tokenErrors.unusable, reason, { detail, cause })
}
