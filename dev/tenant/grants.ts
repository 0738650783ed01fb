import type { Account, Grant, OidcContext, Provider, Token } from 'oidc-provider'
import type { Accounts } from './accounts.ts'
import { grantedScopes, userScopes } from './api.ts'
import { passwordRealmGrant } from './application.ts'
import { bindRefreshToken, bindToken } from './bind-token.ts'
import { missingParameter, wrongPassword } from './errors.ts'
import type { Apis } from './resource-server.ts'
import { assigned, resourceServerInfo } from './resource-server.ts'
import { passwordLogin } from './step-up.ts'

/** Registers the two grants that need no browser. */
export function registerGrants(provider: Provider, accounts: Accounts, apis: Apis): void {
  const password = (ctx: OidcContext) => passwordGrant(ctx, accounts, apis)
  const names = ['username', 'password', 'scope', 'audience', 'resource']
  provider.registerGrantType('password', password, names)
  provider.registerGrantType(passwordRealmGrant, password, [...names, 'realm'])
  const machine = (ctx: OidcContext) => clientCredentialsGrant(ctx, apis)
  provider.registerGrantType('client_credentials', machine, ['scope', 'audience', 'resource'])
}

/** Grants the client every scope. Each token is narrowed to the permissions of the user when it is issued. */
export async function saveGrant(ctx: OidcContext, accountId: string, apis: Apis): Promise<Grant> {
  const { provider, client } = ctx.oidc
  const grant = new provider.Grant({ accountId, clientId: client.clientId })
  grant.addOIDCScope(userScopes.join(' '))
  for (const { identifier, permissions } of apis.all) {
    grant.addResourceScope(identifier, [...userScopes, ...permissions].join(' '))
  }
  await grant.save()
  return grant
}

async function clientCredentialsGrant(ctx: OidcContext, apis: Apis): Promise<void> {
  const { provider, client, params } = ctx.oidc
  const api = apis.requested(ctx)
  const granted = grantedScopes(params.scope, api.permissions, api)
  const scopes = granted.filter((scope) => !userScopes.includes(scope))
  const token = new provider.ClientCredentials({ client, scope: scopes.join(' ') })
  token.resourceServer = new provider.ResourceServer(api.identifier, resourceServerInfo(api))
  await bindToken(ctx, token)
  ctx.body = {
    access_token: await token.save(),
    scope: token.scope,
    expires_in: token.expiration,
    token_type: token.tokenType,
  }
}

async function passwordGrant(ctx: OidcContext, accounts: Accounts, apis: Apis): Promise<void> {
  const { provider, client, params } = ctx.oidc
  if (!params.username) throw missingParameter('username')
  if (!params.password) throw missingParameter('password')
  const api = apis.requested(ctx)
  const account = accounts.withPassword(params.username, params.password)
  if (!account) throw wrongPassword()
  ctx.oidc.entity('Account', account)

  const { jti: grantId } = await saveGrant(ctx, account.accountId, apis)
  const scopes = grantedScopes(params.scope, assigned(account, api), api)
  const source = { client, accountId: account.accountId, grantId, gty: 'password', scope: scopes.join(' ') }
  const login = passwordLogin()
  const token = new provider.AccessToken(source)
  ctx.oidc.entity('RefreshToken', login) // the access token has its claims
  token.resourceServer = new provider.ResourceServer(api.identifier, resourceServerInfo(api))
  await bindToken(ctx, token)
  const resource = api.identifier
  ctx.body = {
    access_token: await token.save(),
    refresh_token: scopes.includes('offline_access')
      ? await refreshToken(ctx, token, { ...source, ...login, resource, rotations: 0 })
      : undefined,
    id_token: scopes.includes('openid') ? await idToken(ctx, account, source.scope) : undefined,
    scope: token.scope,
    expires_in: token.expiration,
    token_type: token.tokenType,
  }
}

async function refreshToken(
  ctx: OidcContext,
  token: Token,
  fields: Record<string, unknown>,
): Promise<string> {
  const refreshToken = new ctx.oidc.provider.RefreshToken(fields)
  await bindRefreshToken(ctx, token, refreshToken)
  return refreshToken.save()
}

function idToken(ctx: OidcContext, account: Account, scope: string): Promise<string> {
  const token = new ctx.oidc.provider.IdToken(account.claims(), { ctx })
  token.scope = scope
  return token.issue({ use: 'idtoken' })
}
