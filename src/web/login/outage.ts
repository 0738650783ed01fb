import { ServiceError } from '../../errors/catalogue.ts'
import { tokenErrors } from '../../plugins/auth/index.ts'

const RETRY_AFTER_SECONDS = 5

/** The issuer has not answered, or not as an issuer does. */
export class Outage extends Error {
  override name = 'Outage'
}

export function issuerUnavailable(detail: string): ServiceError {
  return new ServiceError(tokenErrors.issuerUnavailable, { detail, retryAfterSeconds: RETRY_AFTER_SECONDS })
}
