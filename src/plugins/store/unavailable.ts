import { ServiceError } from '../../errors/catalogue.ts'

const RETRY_AFTER_SECONDS = 5

/** What callers are told of a database that cannot be used now; the cause is for the log. */
export function storeUnavailable(detail: string, cause?: unknown): ServiceError {
  return new ServiceError('store_unavailable', { detail, retryAfterSeconds: RETRY_AFTER_SECONDS, cause })
}
