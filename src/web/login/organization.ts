import { httpErrors, ServiceError } from '../../errors/catalogue.ts'
import { loginErrors } from './errors.ts'
import type { IdTokenClaims } from './tokens.ts'

/** ID of an organization at Auth0. Names are not accepted, because they can change. */
const ORGANIZATION = /^org_[A-Za-z0-9]{1,64}$/

/**
 * Reads the organization of a login.
 *
 * @throws {ServiceError} 400 for anything but an ID: without it the login would be for no organization
 */
export function toOrganization(dangerousOrganization: unknown): string | undefined {
  if (dangerousOrganization === undefined) return undefined
  if (typeof dangerousOrganization === 'string' && ORGANIZATION.test(dangerousOrganization))
    return dangerousOrganization
  throw new ServiceError(httpErrors.badRequest, { detail: 'organization is not the ID of an organization' })
}

/**
 * Checks that the issuer logged the user in to the organization: it may ignore the parameter.
 *
 * @throws {ServiceError} 400
 */
export function assertOrganization({ org_id }: IdTokenClaims, organization: string | undefined): void {
  if (organization === undefined || org_id === organization) return
  throw new ServiceError(loginErrors.otherOrganization, { detail: 'org_id is missing or another one' })
}
