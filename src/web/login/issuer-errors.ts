import { AuthorizationResponseError, ResponseBodyError } from 'openid-client'
import { ServiceError } from '../../errors/catalogue.ts'
import { loginErrors } from './errors.ts'
import { issuerUnavailable, Outage } from './outage.ts'

/** What a browser is told. The error itself is not passed on: with some, openid-client hands over whole answers. */
export function toServiceError(error: unknown): ServiceError {
  const detail = describe(error)
  if (isOutage(error)) return issuerUnavailable(detail)
  return new ServiceError(
    error instanceof AuthorizationResponseError ? loginErrors.denied : loginErrors.failed,
    {
      detail,
    },
  )
}

/** RFC 6749, section 5.2: the refresh token is expired, revoked or was used before. */
export function isInvalidGrant(error: unknown): boolean {
  return error instanceof ResponseBodyError && error.error === 'invalid_grant'
}

/** Texts for the log, from the outermost error to its cause. */
export function describe(error: unknown): string {
  const { message, code, error: reason, error_description, cause } = error as Record<string, unknown>
  const texts = [message, code, reason, error_description].filter((text) => typeof text === 'string')
  return [texts.join(', '), ...(cause instanceof Error ? [describe(cause)] : [])].join(': ')
}

function isOutage(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: unknown }
  return error instanceof Outage || cause instanceof Outage || outageCodes.has(String(code))
}

/** Of openid-client: a status, a content type or a body that an issuer does not have. */
const outageCodes = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
])
