import { define, ServiceError } from '../../errors/catalogue.ts'

/** Errors of the store. */
export const storeErrors = {
  unavailable: define('store_unavailable', 503, 'The database cannot be reached'),
  userDeleted: define('user_deleted', 409, 'The user was deleted; the next request starts anew'),
}

const RETRY_AFTER_SECONDS = 5

/** What callers are told of a database that cannot be used now; the cause is for the log. */
export function storeUnavailable(detail: string, cause?: unknown): ServiceError {
  return new ServiceError(storeErrors.unavailable, { detail, retryAfterSeconds: RETRY_AFTER_SECONDS, cause })
}

/**
 * Whether the row that a new one refers to does not exist.
 * https://www.sqlite.org/rescode.html and https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isForeignKeyViolation(error: unknown): boolean {
  const { code, errcode } = error as { code?: string; errcode?: number }
  return code === '23503' || errcode === 787
}
