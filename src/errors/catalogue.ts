import type { RefusalReason } from './token-reasons.ts'

/**
 * Every error the service answers with. docs/errors.md is held against it by a test.
 * `code` is stable, for programs; `message` is for people. Switch on `code`, never on text.
 */
export const catalogue = {
  missing_token: entry('missing_token', 401, 'Authentication credentials were not provided.'),
  malformed_authorization: entry('invalid_token', 401, 'Invalid token headers'),
  expired_token: entry('invalid_token', 401, 'token is expired'),
  wrong_claims: entry('invalid_token', 401, 'incorrect claims, please check the audience and issuer'),
  unusable_token: entry('invalid_token', 401, 'Unable to parse authentication'),
  insufficient_scope: entry('insufficient_scope', 403, "You don't have access to this resource"),
  insufficient_permissions: entry('insufficient_permissions', 403, 'Permission denied'),
  issuer_unavailable: entry('issuer_unavailable', 503, 'The identity provider cannot be reached'),
  store_unavailable: entry('store_unavailable', 503, 'The database cannot be reached'),
  user_deleted: entry('user_deleted', 409, 'The user was deleted; the next request starts anew'),
  login_refused: entry('login_failed', 400, 'The identity provider has not let you in'),
  login_unknown: entry(
    'login_failed',
    400,
    'This log-in was begun in another browser, was completed already or took too long. Please log in again.',
  ),
  login_failed: entry('login_failed', 400, 'The log-in could not be completed. Please log in again.'),
  cross_site_request: entry('cross_site_request', 403, 'The request comes from another site'),
  invalid_logout_token: entry('invalid_logout_token', 400, 'The logout token is not acceptable'),
  not_found: entry('not_found', 404, 'Not Found'),
  validation_failed: entry('validation_failed', 400, 'The request is not valid'),
  bad_request: entry('bad_request', 400, 'The request cannot be understood'),
  body_too_large: entry('body_too_large', 413, 'The body is larger than 64 KiB'),
  unsupported_media_type: entry('unsupported_media_type', 415, 'The content type is not supported'),
  headers_too_large: entry('headers_too_large', 431, 'The headers are too large'),
  request_timeout: entry('request_timeout', 408, 'The request took too long to arrive'),
  rate_limited: entry('rate_limited', 429, 'Too many requests'),
  overloaded: entry('overloaded', 503, 'The service has too much to do'),
  internal_error: entry('internal_error', 500, 'Internal Server Error'),
} as const

export type ErrorName = keyof typeof catalogue

export interface FieldFault {
  field: string
  message: string
}

interface Particulars {
  /** What exactly was wrong: for the log, never for the caller. Holds no token. */
  detail?: string | undefined
  /** Of errors that refuse a token. */
  reason?: RefusalReason | undefined
  /** What the caller would need, for `WWW-Authenticate` (RFC 6750, section 3). */
  scope?: readonly string[]
  /** For `Retry-After` (RFC 9110, section 10.2.3). */
  retryAfterSeconds?: number
  validation?: readonly FieldFault[]
  cause?: unknown
}

/** An error of the catalogue: what the caller is told, and privately why. */
export class ServiceError extends Error {
  override name = 'ServiceError'
  readonly code: string
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly detail: string | undefined
  readonly reason: RefusalReason | undefined
  readonly validation: readonly FieldFault[] | undefined

  constructor(name: ErrorName, particulars: Particulars = {}) {
    const { detail, reason, scope, retryAfterSeconds, validation, cause } = particulars
    const { code, statusCode, message } = catalogue[name]
    // Without a stack: `detail` says more, and taking one costs a flood of bad tokens more than checking them does
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(message, { cause })
    Error.stackTraceLimit = stackTraceLimit
    this.code = code
    this.statusCode = statusCode
    this.detail = detail
    this.reason = reason
    this.validation = validation
    this.headers = {
      ...(asksForToken(code) ? { 'www-authenticate': challenge(name, scope) } : {}),
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) }),
    }
  }
}

/**
 * RFC 6750, section 3: a request without credentials is told no error code; a missing permission is
 * `insufficient_scope` there, since the RFC knows no other word for it.
 */
function challenge(name: ErrorName, scope: readonly string[] = []): string {
  const { statusCode, message } = catalogue[name]
  const parameters: [string, string][] = [['realm', 'api']]
  if (name !== 'missing_token') {
    parameters.push(['error', statusCode === 403 ? 'insufficient_scope' : 'invalid_token'])
    parameters.push(['error_description', message])
  }
  if (scope.length > 0) parameters.push(['scope', scope.join(' ')])
  return `Bearer ${parameters.map(([key, value]) => `${key}="${value}"`).join(', ')}`
}

function asksForToken(code: string): boolean {
  return ['missing_token', 'invalid_token', 'insufficient_scope', 'insufficient_permissions'].includes(code)
}

function entry<const Code extends string>(code: Code, statusCode: number, message: string) {
  return { code, statusCode, message } as const
}
