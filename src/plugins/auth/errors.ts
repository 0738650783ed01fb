import { define, type ErrorDefinition, type ErrorOptions, ServiceError } from '../../errors/catalogue.ts'

/** Errors of callers without an acceptable token, and of issuers that cannot be asked. */
export const tokenErrors = {
  missing: define('missing_token', 401, 'Authentication credentials were not provided.'),
  malformedHeader: define('invalid_token', 401, 'Invalid token headers'),
  expired: define('invalid_token', 401, 'token is expired'),
  wrongClaims: define('invalid_token', 401, 'incorrect claims, please check the audience and issuer'),
  unusable: define('invalid_token', 401, 'Unable to parse authentication'),
  issuerUnavailable: define('issuer_unavailable', 503, 'The identity provider cannot be reached'),
}

/** Why a token was not accepted, in a word. A closed set, since metrics use it as a label (docs/metrics.md). */
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

/** A token that is not accepted; a 401 carries its challenge. */
export class TokenError extends ServiceError {
  override name = 'TokenError'
  readonly reason: TokenErrorReason

  constructor(definition: ErrorDefinition, reason: TokenErrorReason, options: ErrorOptions = {}) {
    const isChallenged = definition.statusCode === 401
    super(definition, isChallenged ? { ...options, headers: challenge(definition) } : options)
    this.reason = reason
  }
}

/**
 * The `WWW-Authenticate` header of RFC 6750, section 3. A request without credentials gets no error code; every 403 is
 * `insufficient_scope`, since the RFC has no other code for it.
 *
 * @param scope what the route requires
 */
export function challenge(
  { code, statusCode, message }: ErrorDefinition,
  scope: readonly string[] = [],
): Record<string, string> {
  const parameters: [string, string][] = [['realm', 'api']]
  if (code !== tokenErrors.missing.code) {
    parameters.push(['error', statusCode === 403 ? 'insufficient_scope' : 'invalid_token'])
    parameters.push(['error_description', message])
  }
  if (scope.length > 0) parameters.push(['scope', scope.join(' ')])
  return { 'www-authenticate': `Bearer ${parameters.map(([key, value]) => `${key}="${value}"`).join(', ')}` }
}

/** For tokens that are wrong in a way that the client learns no more about. */
export function unusable(reason: TokenErrorReason, detail: string, cause?: unknown): TokenError {
  return new TokenError(tokenErrors.unusable, reason, { detail, cause })
}
