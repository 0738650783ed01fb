import type { OidcContext, ResourceServerInfo } from 'oidc-provider'
import { api, personScopes } from './api.ts'
import { unknownAudience } from './refusals.ts'

/**
 * The API that a request names by `audience`, or the tenant's default one.
 * @throws 403 access_denied when the tenant has no such API
 */
export function requestedApi(ctx: OidcContext): string {
  const audience = ctx.oidc.params.audience ?? ctx.oidc.body?.audience ?? api.identifier
  if (audience !== api.identifier) throw unknownAudience(audience)
  return audience
}

/** What may be in the scope of a token for somebody with these permissions. */
export function resourceServerInfo(permissions = api.permissions): ResourceServerInfo {
  // The person's scopes too: Auth0 lists them in the access token beside the API's.
  return { scope: [...personScopes, ...permissions].join(' '), accessTokenFormat: 'jwt' }
}
