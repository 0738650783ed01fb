import type { OidcContext, Token } from 'oidc-provider'
import { applyDpopBinding, applyMtlsBinding } from 'oidc-provider/lib/helpers/grant_common.js'
import { applyRefreshTokenBindings } from 'oidc-provider/lib/helpers/grant_refresh_token.js'
import { checkMtlsCert } from 'oidc-provider/lib/helpers/sender_constraints.js'
import validateDpop from 'oidc-provider/lib/helpers/validate_dpop.js'

/**
 * Binds a token to the client certificate of the token request, if the application requires it (RFC 8705, section 3), or to the key of
 * its DPoP proof, if there is one (RFC 9449, section 5). The grants of the provider do this themselves.
 *
 * @throws 400 invalid_request without a certificate or for a proof beside it, invalid_dpop_proof, use_dpop_nonce, or invalid_grant
 *   for a proof that was used before
 */
export async function bindToken(ctx: OidcContext, token: Token): Promise<void> {
  const { provider } = ctx.oidc
  applyMtlsBinding(token, checkMtlsCert(provider, ctx))
  await applyDpopBinding(provider, ctx, await validateDpop(provider, ctx), token)
}

/** Binds the refresh token of an application without a secret in the same way (RFC 8705, section 4; RFC 9449, section 5). */
export async function bindRefreshToken(ctx: OidcContext, token: Token, refreshToken: Token): Promise<void> {
  await applyRefreshTokenBindings(ctx.oidc.provider, ctx, token, refreshToken)
}
