import { decodeJwt } from 'jose'
import type { OidcContext } from 'oidc-provider'
import { requestedScopes } from './api.ts'
import type { Apis } from './resource-server.ts'

/**
 * Completes the scope of every authorization request. A request without a scope of the API gets all of them, as at the
 * token endpoint. `offline_access`, which the provider drops without consent, is restored.
 */
export function completeScope(ctx: OidcContext, apis: Apis): void {
  const { client, params } = ctx.oidc
  const requested = requestedScopes(originalScope(ctx), apis.requested(ctx))
  const mayRefresh = client.grantTypeAllowed('refresh_token')
  params.scope = requested.filter((scope) => scope !== 'offline_access' || mayRefresh).join(' ')
}

function originalScope({ oidc, query }: OidcContext): string {
  const { PushedAuthorizationRequest: pushed } = oidc.entities
  return String((pushed ? decodeJwt(pushed.request).scope : (query.scope ?? oidc.body?.scope)) ?? '')
}
