import type { IDToken, TokenEndpointResponse } from 'openid-client'

/** Tokens that the issuer issued for one session. */
export interface Tokens {
  readonly accessToken: string
  /** Scopes and permissions of the access token, for the navigation. The API decides by itself. */
  readonly grants: readonly string[]
  /** Lifetime of the access token from the time of the request; undefined when the issuer does not send it. */
  readonly lifetimeMs: number | undefined
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
}

/** Claims of an ID token that passed all checks. */
export type IdTokenClaims = IDToken

export function toTokens(response: TokenEndpointResponse, grants: readonly string[]): Tokens {
  const { access_token, expires_in = 0, refresh_token, id_token } = response
  return {
    accessToken: access_token,
    grants,
    lifetimeMs: expires_in > 0 ? expires_in * 1000 : undefined,
    refreshToken: refresh_token,
    idToken: id_token,
  }
}
