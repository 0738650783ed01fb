import { ServiceError } from '../../errors/catalogue.ts'
import { challenge, type VerifiedToken } from '../auth/index.ts'
import { guardErrors } from './errors.ts'

/**
 * A token manages what belongs to its own issuer only: otherwise any trusted issuer could act for all others.
 *
 * @throws {ServiceError} 403
 */
export function requireOwnIssuer(token: VerifiedToken, issuer: string): void {
  if (issuer === token.issuer) return
  const { insufficientPermissions } = guardErrors
  throw new ServiceError(insufficientPermissions, {
    detail: 'the request concerns another issuer',
    headers: challenge(insufficientPermissions),
  })
}
