import { ServiceError } from '../../errors/catalogue.ts'
import { tokenErrors } from '../../plugins/auth/index.ts'

/** Maximum time a browser waits for the issuer. */
export const MAX_WAIT_MS = 4_500
const RETRY_AFTER_SECONDS = 5

/** The issuer did not answer, or its answer does not follow the protocol. */
export class IssuerUnavailableError extends Error {
  override name = 'IssuerUnavailableError'
}

export function issuerUnavailable(detail: string): ServiceError {
  return new ServiceError(tokenErrors.issuerUnavailable, { detail, retryAfterSeconds: RETRY_AFTER_SECONDS })
}

/** The error at the end of {@link MAX_WAIT_MS}. */
export function issuerTimeout(): ServiceError {
  return issuerUnavailable(`no answer in ${MAX_WAIT_MS} ms`)
}
