import type { Account, Grant, OidcContext, Provider } from 'oidc-provider'
import type { Accounts } from './accounts.ts'
import { api, grantedScopes, userScopes } from './api.ts'
import { passwordRealmGrant } from './clients.ts'
import { missingParameter, wrongPassword } from './errors.ts'
import { requestedApi, resourceServerInfo } from './resource-server.ts'

/** Registers the two grants that need no browser. */
export function registerGrants(provider: Provider, accounts: Accounts): void {
  const password = (ctx: OidcContext) => passwordGrant(ctx, accounts)
  provider.registerGrantType('password', password, ['username', 'password', 'scope', 'audience'])
  provider.registerGrantType(passwordRealmGrant, password, [
    'username',
    'password',
    'scope',
    'audience',
    'realm',
  ])
  provider.registerGrantType('client_credentials', clientCredentialsGrant, ['scope', 'audience'])
}

/** Grants the client every scope. Each token is narrowed to the permissions of the user when it is issued. */
export async function saveGrant(
  { oidc: { provider, client } }: OidcContext,
  accountId: string,
): Promise<Grant> {
  const grant = new provider.Grant({ accountId, clientId: client.clientId })
  grant.addOIDCScope(userScopes.join(' '))
  grant.addResourceScope(api.identifier, [...userScopes, ...api.permissions].join(' '))
  await grant.save()
  return grant
}

async function clientCredentialsGrant(ctx: OidcContext): Promise<void> {
  const { provider, client, params } = ctx.oidc
  const resource = requestedApi(ctx)
  const scopes = grantedScopes(params.scope, api.permissions).filter((scope) => !userScopes.includes(scope))
  const token = new provider.ClientCredentials({ client, scope: scopes.join(' ') })
  token.resourceServer = new provider.ResourceServer(resource, resourceServerInfo())
  ctx.body = {
    access_token: await token.save(),
    scope: token.scope,
    expires_in: token.expiration,
    token_type: 'Bearer',
  }
}

async function passwordGrant(ctx: OidcContext, accounts: Accounts): Promise<void> {
  const { provider, client, params } = ctx.oidc
  if (!params.username) throw missingParameter('username')
  if (!params.password) throw missingParameter('password')
  const resource = requestedApi(ctx)
  const account = accounts.withPassword(params.username, params.password)
  if (!account) throw wrongPassword()
  ctx.oidc.entity('Account', account)

  const { jti: grantId } = await saveGrant(ctx, account.accountId)
  const scopes = grantedScopes(params.scope, account.permissions)
  const source = { client, accountId: account.accountId, grantId, gty: 'password', scope: scopes.join(' ') }
  const token = new provider.AccessToken(source)
  token.resourceServer = new provider.ResourceServer(resource, resourceServerInfo())
  ctx.body = {
    access_token: await token.save(),
    refresh_token: scopes.includes('offline_access')
      ? await new provider.RefreshToken({ ...source, resource, rotations: 0 }).save()
      : undefined,
    id_token: scopes.includes('openid') ? await idToken(ctx, account, source.scope) : undefined,
    scope: token.scope,
    expires_in: token.expiration,
    token_type: 'Bearer',
  }
}

function idToken(ctx: OidcContext, account: Account, scope: string): Promise<string> {
  const token = new ctx.oidc.provider.IdToken(account.claims(), { ctx })
  token.scope = scope
  return token.issue({ use: 'idtoken' })
}
