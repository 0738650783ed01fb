import type { Token } from 'oidc-provider'
import type { Accounts } from './accounts.ts'
import { api, scopeNames, userScopes } from './api.ts'

interface JwtParts {
  header: Record<string, unknown> | undefined
  payload: Record<string, unknown>
}

/** Gives an access token the claims and the header of Auth0. */
export function shapeAccessToken(token: Token, jwt: JwtParts, issuer: string, accounts: Accounts): void {
  const scopes = scopeNames(token.scope)
  jwt.header = { typ: 'JWT' }
  jwt.payload = {
    iss: issuer,
    sub: token.accountId ?? `${token.clientId}@clients`,
    aud: scopes.includes('openid') ? [api.identifier, `${issuer}userinfo`] : api.identifier,
    iat: jwt.payload.iat,
    exp: jwt.payload.exp,
    jti: jwt.payload.jti,
    scope: token.scope || undefined,
    azp: token.clientId,
    gty: grantTypeClaim(token),
    permissions: permissionsOf(token, scopes, accounts),
  }
}

function grantTypeClaim(token: Token): string | undefined {
  if (token.kind === 'ClientCredentials') return 'client-credentials'
  // After a refresh it is 'password refresh_token'
  return token.gty?.startsWith('password') ? 'password' : undefined
}

/** A user has all assigned permissions, whatever was requested. A machine is assigned all and has those it requested. */
function permissionsOf(token: Token, scopes: string[], accounts: Accounts): string[] {
  if (token.accountId) return accounts.find(token.accountId)?.permissions ?? []
  return scopes.filter((scope) => !userScopes.includes(scope))
}
