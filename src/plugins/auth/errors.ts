import { define, type ErrorDefinition, type ErrorOptions, ServiceError } from '../../errors/catalogue.ts'

/** Errors of missing and rejected tokens, and of unavailable issuers. */
export const tokenErrors = {
  missing: define('missing_token', 401, 'Authentication credentials were not provided.'),
  severalTokens: define('invalid_request', 400, 'The request contains more than one access token'),
  malformedHeader: define('invalid_token', 401, 'Invalid token headers'),
  expired: define('invalid_token', 401, 'token is expired'),
  notYetValid: define('invalid_token', 401, 'token is not yet valid; check the clock'),
  revoked: define('invalid_token', 401, 'The token was revoked'),
  bound: define('invalid_token', 401, 'The token is bound to a key'),
  notBound: define('invalid_token', 401, 'The token is not bound to a key'),
  boundToCertificate: define('invalid_token', 401, 'The token is bound to a certificate'),
  invalidProof: define('invalid_dpop_proof', 401, 'The DPoP proof is missing or not acceptable'),
  useNonce: define('use_dpop_nonce', 401, 'The DPoP proof needs the nonce of the header DPoP-Nonce'),
  wrongClaims: define('invalid_token', 401, 'incorrect claims, please check the audience and issuer'),
  unusable: define('invalid_token', 401, 'Unable to parse authentication'),
  insufficientAuthentication: define(
    'insufficient_user_authentication',
    401,
    'A stronger or more recent log-in is required',
  ),
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
  'bound',
  'proof',
  'revoked',
  'unknown_key',
  'signature',
  'authentication_level',
  'issuer_unavailable',
] as const

export type TokenErrorReason = (typeof tokenErrorReasons)[number]

/** Error of a token that is not accepted. A 4xx has a challenge. */
export class TokenError extends ServiceError {
  override name = 'TokenError'
  readonly reason: TokenErrorReason

  constructor(
    definition: ErrorDefinition,
    reason: TokenErrorReason,
    { login, ...options }: ErrorOptions & { readonly login?: RequiredLogin } = {},
  ) {
    const isChallenged = definition.statusCode < 500
    super(definition, isChallenged ? { ...options, headers: challenge(definition, [], login) } : options)
    this.reason = reason
  }
}

/** Login that a route requires (RFC 9470, section 3). */
export interface RequiredLogin {
  /** Authentication context classes, of which one suffices. */
  readonly acr?: readonly string[]
  readonly maxAgeSeconds?: number
}

/**
 * Makes the `WWW-Authenticate` header (RFC 6750, section 3). A request without credentials gets no error code. Every 403
 * is `insufficient_scope`, because the RFC has no other code for it.
 *
 * @param scope names that the route requires
 * @param login parameters of RFC 9470
 */
export function challenge(
  { code, statusCode, message }: ErrorDefinition,
  scope: readonly string[] = [],
  { acr = [], maxAgeSeconds }: RequiredLogin = {},
): Record<string, string> {
  const parameters: [string, string][] = [['realm', 'api']]
  if (code !== tokenErrors.missing.code) {
    parameters.push(['error', ownCodes.includes(code) ? code : (errorCodes[statusCode] as string)])
    parameters.push(['error_description', message])
  }
  if (scope.length > 0) parameters.push(['scope', scope.join(' ')])
  if (acr.length > 0) parameters.push(['acr_values', acr.join(' ')])
  if (maxAgeSeconds !== undefined) parameters.push(['max_age', String(maxAgeSeconds)])
  return { 'www-authenticate': `Bearer ${parameters.map(([key, value]) => `${key}="${value}"`).join(', ')}` }
}

/** Codes of RFC 9470, section 3 and RFC 9449, sections 7.1 and 9. */
const ownCodes = [tokenErrors.insufficientAuthentication, tokenErrors.invalidProof, tokenErrors.useNonce].map(
  ({ code }) => code,
)

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

/** Makes the error of a token whose claims do not fit the configuration. */
export function wrongClaims(reason: TokenErrorReason, detail: string): TokenError {
  return new TokenError(tokenErrors.wrongClaims, reason, { detail })
}

/** Makes the error of a token that names a key which its issuer does not publish. */
export function unknownKey(): TokenError {
  return unusable('unknown_key', 'kid is not in the key set of the issuer')
}

/** Makes the error of a token whose key cannot be fetched now. */
export function unavailableKeys(retryAfterMs: number, cause?: unknown): TokenError {
  return new TokenError(tokenErrors.issuerUnavailable, 'issuer_unavailable', {
    detail: 'the key set cannot be fetched',
    retryAfterSeconds: retryAfterMs / 1000,
    cause,
  })
}
