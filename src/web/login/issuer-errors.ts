import { AuthorizationResponseError, ResponseBodyError } from 'openid-client'
import { ServiceError } from '../../errors/catalogue.ts'
import { loginErrors } from './errors.ts'
import { IssuerUnavailableError, issuerUnavailable } from './issuer-unavailable.ts'

/** Converts an error of openid-client. It is not kept as `cause`: some of its errors hold the whole response. */
export function toServiceError(error: unknown): ServiceError {
  const detail = describe(error)
  if (isIssuerUnavailable(error)) return issuerUnavailable(detail)
  const isDenied = error instanceof AuthorizationResponseError
  return new ServiceError(isDenied ? loginErrors.denied : loginErrors.failed, { detail })
}

/**
 * Whether the issuer rejects the refresh token for good: it answers with an OAuth error (RFC 6749, section 5.2). Issuers use
 * other codes than `invalid_grant`, too, when a user is blocked. `invalid_client` concerns the service, not the session, and
 * boundedFetch takes 429 for an outage.
 */
export function isRefreshRejected(error: unknown): boolean {
  return error instanceof ResponseBodyError && error.error !== 'invalid_client'
}

/** Joins the messages for the log, from the outermost error to its cause. */
export function describe(error: unknown): string {
  const { message, code, error: reason, error_description, cause } = error as Record<string, unknown>
  const texts = [message, code, reason, error_description].filter((text) => typeof text === 'string')
  return [texts.join(', '), ...(cause instanceof Error ? [describe(cause)] : [])].join(': ')
}

function isIssuerUnavailable(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: unknown }
  const isOwn = error instanceof IssuerUnavailableError || cause instanceof IssuerUnavailableError
  return isOwn || unavailableCodes.has(String(code))
}

/** Codes of openid-client for a status, content type or body that does not follow the protocol. */
const unavailableCodes = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
])
