import type { OidcContext, ResourceServerInfo } from 'oidc-provider'
import { api, userScopes } from './api.ts'
import { unknownAudience } from './errors.ts'

/**
 * The API that a request names by `audience`, or the default one of the tenant.
 *
 * @throws 403 access_denied when the tenant has no such API
 */
export function requestedApi(ctx: OidcContext): string {
  const audience = ctx.oidc.params.audience ?? ctx.oidc.body?.audience ?? api.identifier
  if (audience !== api.identifier) throw unknownAudience(audience)
  return audience
}

/** The resource server with the scopes that a token with these permissions can have. */
export function resourceServerInfo(permissions = api.permissions): ResourceServerInfo {
  // With the user scopes, which Auth0 lists in the access token too
  return { scope: [...userScopes, ...permissions].join(' '), accessTokenFormat: 'jwt' }
}
