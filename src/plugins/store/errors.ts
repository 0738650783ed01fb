import { define, ServiceError } from '../../errors/catalogue.ts'

export const storeErrors = {
  unavailable: define('store_unavailable', 503, 'The database cannot be reached'),
  userDeleted: define('user_deleted', 409, 'The user was deleted; the next request creates a new one'),
  // part: todos
  limitReached: define(
    'limit_reached',
    409,
    'The maximum number of these resources is reached; delete one first',
  ),
  // end
}

const RETRY_AFTER_SECONDS = 5

/** Creates the error for a database that cannot be used now. Detail and cause only go to the log. */
export function storeUnavailable(detail: string, cause?: unknown): ServiceError {
  return new ServiceError(storeErrors.unavailable, { detail, retryAfterSeconds: RETRY_AFTER_SECONDS, cause })
}

/**
 * Tells whether a row was rejected because it references a missing row.
 * https://www.sqlite.org/rescode.html and https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isForeignKeyViolation(error: unknown): boolean {
  const { code, errcode } = error as { code?: string; errcode?: number }
  return code === '23503' || errcode === 787
}
