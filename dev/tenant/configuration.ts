import type { JWK } from 'jose'
import type { Context, OidcContext, Token } from 'oidc-provider'
import { interactionPolicy } from 'oidc-provider'
import { shapeAccessToken } from './access-token.ts'
import type { Accounts } from './accounts.ts'
import { claimsByScope } from './accounts.ts'
import { Adapter } from './adapter.ts'
import type { GetCertificate } from './client-certificate.ts'
import { clientOf } from './clients.ts'
import type { CustomClaims } from './custom-claims.ts'
import { sendProviderError } from './error-page.ts'
import { features } from './features.ts'
import { saveGrant } from './grants.ts'
import { loginUrl } from './login.ts'
import { completeScope } from './requested-scope.ts'
import type { Apis } from './resource-server.ts'
import { cookieSecret, nonceSecret } from './secrets.ts'
import type { Settings } from './settings.ts'
import type { State } from './state.ts'
import { acrCheck, acrValues } from './step-up.ts'

const hours = 60 * 60
const days = 24 * hours

/** Parts of a tenant that its provider is made of. */
export interface Parts {
  issuer: string
  settings: Settings
  signingKeys: JWK[]
  state: State
  accounts: Accounts
  apis: Apis
  customClaims: CustomClaims
  getCertificate: GetCertificate
}

/** The configuration that makes oidc-provider behave like an Auth0 tenant. Times are seconds. */
export function configuration(parts: Parts) {
  const { issuer, settings, signingKeys, state, accounts, apis, customClaims, getCertificate } = parts
  return {
    adapter: (model: string) => new Adapter(state, model),
    clients: settings.applications.map(clientOf),
    jwks: { keys: signingKeys },
    routes: {
      authorization: '/authorize',
      token: '/oauth/token',
      revocation: '/oauth/revoke',
      jwks: '/.well-known/jwks.json',
      end_session: '/oidc/logout',
      device_authorization: '/oauth/device/code',
      code_verification: '/activate',
      pushed_authorization_request: '/oauth/par',
      registration: '/oidc/register',
    },
    // Cookies ignore ports: the names must differ from those of a service on the same host
    cookies: {
      names: { session: 'tenant_session', interaction: 'tenant_login', resume: 'tenant_resume' },
      keys: [cookieSecret(state)],
      // As at Auth0: a page with http is another site than the tenant with https, and its silent logins need the cookie
      ...(issuer.startsWith('https:') && { long: { httpOnly: true, sameSite: 'none' } }),
    },
    features: features(apis, nonceSecret(state), getCertificate),
    discovery: { userinfo_endpoint: `${issuer}userinfo` },
    responseTypes: ['code', 'id_token', 'code id_token'],
    extraClientMetadata: { properties: ['application'] },
    subjectTypes: ['public'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    claims: { ...claimsByScope, openid: ['sub', ...customClaims.names] },
    acrValues,
    // Auth0 puts the claims of profile and email into the ID token
    conformIdTokenClaims: false,
    extraParams: {
      audience: (ctx: OidcContext) => completeScope(ctx, apis),
      organization: null,
      screen_hint: null,
    },
    interactions: {
      policy: loginPolicy(),
      url: (_ctx: Context, interaction: { uid: string }) => loginUrl(interaction.uid),
    },
    findAccount: (ctx: OidcContext, subject: string, token?: Token) => {
      const account = accounts.find(subject)
      const grantId = () => token?.grantId ?? ctx.oidc.entities.Grant?.jti
      return (
        account && {
          ...account,
          claims: () => ({ ...account.claims(), ...customClaims.of(account, grantId()) }),
        }
      )
    },
    loadExistingGrant: async (ctx: OidcContext) => {
      const { account, params } = ctx.oidc
      if (!account) return undefined
      const grant = await saveGrant(ctx, account.accountId, apis)
      if (params.organization) customClaims.remember(account, params.organization, grant.jti)
      return grant
    },
    rotateRefreshToken: ({ oidc }: OidcContext) => rotatesRefreshTokens(oidc.client),
    formats: {
      customizers: {
        jwt: (ctx: OidcContext, token: Token, jwt: Parameters<typeof shapeAccessToken>[2]) =>
          shapeAccessToken(ctx, token, jwt, parts),
      },
    },
    ttl: {
      AccessToken: lifetime,
      ClientCredentials: lifetime,
      IdToken: 10 * hours,
      AuthorizationCode: 60,
      DeviceCode: 900,
      Interaction: 1 * hours,
      Session: 3 * days,
      RefreshToken: 30 * days,
      Grant: 30 * days,
    },
    renderError: sendProviderError,
    // The provider's own dispatcher rejects loopback addresses, where the service listens
    fetch: (url: string, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown }) =>
      fetch(url, options),
  }
}

/** Auth0 rotates refresh tokens of public applications, and those of others only when that is configured. */
function rotatesRefreshTokens({ application, clientSecret }: OidcContext['oidc']['client']): boolean {
  return application?.rotateRefreshTokens ?? clientSecret === undefined
}

function lifetime(_ctx: OidcContext, token: Token): number {
  return token.resourceServer?.accessTokenTTL ?? 24 * hours
}

/**
 * Removes the checks of the consent prompt, but not the prompt, so that `prompt=consent` is still accepted. Adds the check of
 * `acr_values`.
 */
function loginPolicy() {
  const policy = interactionPolicy.base()
  policy.get('consent').checks.clear()
  policy.get('login').checks.add(acrCheck())
  return policy
}
