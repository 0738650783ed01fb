import { ServiceError } from '../../errors/catalogue.ts'

const RETRY_AFTER_SECONDS = 5

/** The issuer has not answered, or not as an issuer does. */
export class Outage extends Error {
  override name = 'Outage'
}

export function issuerUnavailable(detail: string): ServiceError {
  return new ServiceError('issuer_unavailable', { detail, retryAfterSeconds: RETRY_AFTER_SECONDS })
}
