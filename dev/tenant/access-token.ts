import type { OidcContext, Token } from 'oidc-provider'
import type { Accounts } from './accounts.ts'
import { type Api, scopeNames, userScopes } from './api.ts'
import type { CustomClaims } from './custom-claims.ts'
import type { Apis } from './resource-server.ts'
import { assigned } from './resource-server.ts'
import { loginClaims } from './step-up.ts'

interface JwtParts {
  header: Record<string, unknown> | undefined
  payload: Record<string, unknown>
}

interface Tenant {
  issuer: string
  accounts: Accounts
  apis: Apis
  customClaims: CustomClaims
}

/** Gives an access token the claims and the header of Auth0, or of RFC 9068. */
export function shapeAccessToken(ctx: OidcContext, token: Token, jwt: JwtParts, tenant: Tenant): void {
  const { issuer, accounts, apis, customClaims } = tenant
  const scopes = scopeNames(token.scope)
  const api = apis.byResource(String(jwt.payload.aud))
  const account = token.accountId === undefined ? undefined : accounts.find(token.accountId)
  const isRfc9068 = api.dialect === 'rfc9068'
  jwt.header = { typ: isRfc9068 ? 'at+jwt' : 'JWT' }
  jwt.payload = {
    ...(account && customClaims.of(account, token.grantId)),
    iss: issuer,
    sub: token.accountId ?? `${token.clientId}@clients`,
    aud: scopes.includes('openid') ? [api.identifier, `${issuer}userinfo`] : api.identifier,
    iat: jwt.payload.iat,
    exp: jwt.payload.exp,
    jti: jwt.payload.jti,
    cnf: jwt.payload.cnf,
    scope: token.scope || undefined,
    ...(isRfc9068 ? { client_id: token.clientId } : { azp: token.clientId, gty: grantTypeClaim(token) }),
    permissions: account ? assigned(account, api) : machinePermissions(token, scopes, api),
    ...loginClaims(ctx),
  }
}

function grantTypeClaim(token: Token): string | undefined {
  if (token.kind === 'ClientCredentials') return 'client-credentials'
  // After a refresh it is 'password refresh_token'
  return token.gty?.startsWith('password') ? 'password' : undefined
}

/** A machine is assigned all permissions and has those it requested. A user has all assigned ones, whatever was requested. */
function machinePermissions({ accountId }: Token, scopes: string[], { permissions }: Api): string[] {
  if (accountId !== undefined) return []
  return scopes.filter((scope) => !userScopes.includes(scope) && permissions.includes(scope))
}
