import { randomBytes } from 'node:crypto'
import type { JWK } from 'jose'
import type { Context, OAuthErrorBody, OidcContext, Token } from 'oidc-provider'
import { interactionPolicy } from 'oidc-provider'
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js'
import { shapeAccessToken } from './access-token.ts'
import type { Accounts } from './accounts.ts'
import { claimsByScope } from './accounts.ts'
import { requestedScopes } from './api.ts'
import type { ClientMetadata } from './clients.ts'
import { sendErrorPage } from './error-page.ts'
import { saveGrant } from './grants.ts'
import { loginUrl } from './login.ts'
import { sendLoggedOutPage, sendLogoutPage } from './logout.ts'
import { requestedApi, resourceServerInfo } from './resource-server.ts'

const hours = 60 * 60
const days = 24 * hours

/** The configuration that makes oidc-provider behave like an Auth0 tenant. Times are seconds. */
export function configuration(
  issuer: string,
  accounts: Accounts,
  clients: ClientMetadata[],
  signingKeys: JWK[],
) {
  return {
    // Wrapped in a function, since the provider warns about its own memory adapter, which is intended here
    adapter: (model: string) => new MemoryAdapter(model),
    clients,
    jwks: { keys: signingKeys },
    routes: {
      authorization: '/authorize',
      token: '/oauth/token',
      revocation: '/oauth/revoke',
      jwks: '/.well-known/jwks.json',
      end_session: '/oidc/logout',
    },
    // Cookies ignore ports: the names must differ from those of a service on the same host
    cookies: {
      names: { session: 'tenant_session', interaction: 'tenant_login', resume: 'tenant_resume' },
      keys: [randomBytes(32).toString('hex')],
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      userinfo: { enabled: false },
      backchannelLogout: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx: Context, client: { clientId: string }, token: Token) =>
          client.clientId === token.clientId,
      },
      rpInitiatedLogout: { logoutSource: sendLogoutPage, postLogoutSuccessSource: sendLoggedOutPage },
      resourceIndicators: {
        enabled: true,
        defaultResource: requestedApi,
        useGrantedResource: () => true,
        getResourceServerInfo: ({ oidc }: OidcContext) => resourceServerInfo(oidc.account?.permissions),
      },
    },
    discovery: { userinfo_endpoint: `${issuer}userinfo` },
    responseTypes: ['code'],
    subjectTypes: ['public'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    claims: claimsByScope,
    // Auth0 puts the claims of profile and email into the ID token
    conformIdTokenClaims: false,
    extraParams: { audience: completeScope, screen_hint: null },
    interactions: {
      policy: withoutConsent(),
      url: (_ctx: Context, interaction: { uid: string }) => loginUrl(interaction.uid),
    },
    findAccount: (_ctx: Context, subject: string) => accounts.find(subject),
    loadExistingGrant: (ctx: OidcContext) => ctx.oidc.account && saveGrant(ctx, ctx.oidc.account.accountId),
    rotateRefreshToken: true,
    formats: {
      customizers: {
        jwt: (_ctx: Context, token: Token, jwt: Parameters<typeof shapeAccessToken>[1]) =>
          shapeAccessToken(token, jwt, issuer, accounts),
      },
    },
    ttl: {
      AccessToken: 24 * hours,
      ClientCredentials: 24 * hours,
      IdToken: 10 * hours,
      AuthorizationCode: 60,
      Interaction: 1 * hours,
      Session: 3 * days,
      RefreshToken: 30 * days,
      Grant: 30 * days,
    },
    renderError: async (ctx: Context, out: OAuthErrorBody) => sendErrorPage(ctx, out),
    // The provider's own dispatcher rejects loopback addresses, where the service listens
    fetch: (url: string, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown }) =>
      fetch(url, options),
  }
}

/** Removes the checks of the consent prompt, but not the prompt, so that `prompt=consent` is still accepted. */
function withoutConsent() {
  const policy = interactionPolicy.base()
  policy.get('consent').checks.clear()
  return policy
}

/**
 * Completes the scope of every authorization request. A request without a scope of the API gets all of them, as at the
 * token endpoint. `offline_access`, which the provider drops without consent, is restored.
 */
function completeScope(ctx: OidcContext): void {
  const { client, params } = ctx.oidc
  const requested = requestedScopes(String(ctx.query.scope ?? ctx.oidc.body?.scope ?? ''))
  const mayRefresh = client.grantTypeAllowed('refresh_token')
  params.scope = requested.filter((scope) => scope !== 'offline_access' || mayRefresh).join(' ')
}
