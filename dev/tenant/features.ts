import type { Context, OidcContext, Token } from 'oidc-provider'
import type { GetCertificate } from './client-certificate.ts'
import { sendDeviceCodePage, sendDeviceConfirmPage, sendDeviceDonePage } from './device-pages.ts'
import { sendLoggedOutPage, sendLogoutPage } from './logout.ts'
import type { Apis } from './resource-server.ts'
import { resourceServerInfo } from './resource-server.ts'

/**
 * Parts of oidc-provider that the tenant enables or disables.
 *
 * @param nonceSecret 32 bytes, for the nonces of DPoP proofs
 */
export function features(apis: Apis, nonceSecret: Buffer, getCertificate: GetCertificate) {
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: true, nonceSecret },
    mTLS: { enabled: true, certificateBoundAccessTokens: true, getCertificate },
    userinfo: { enabled: false },
    pushedAuthorizationRequests: { enabled: true },
    backchannelLogout: { enabled: true },
    deviceFlow: {
      enabled: true,
      userCodeInputSource: sendDeviceCodePage,
      userCodeConfirmSource: sendDeviceConfirmPage,
      successSource: sendDeviceDonePage,
    },
    // Open, as MCP clients need it; Auth0 has a switch for it
    registration: { enabled: true, issueRegistrationAccessToken: false },
    revocation: {
      enabled: true,
      allowedPolicy: (_ctx: Context, client: { clientId: string }, token: Token) =>
        client.clientId === token.clientId,
    },
    rpInitiatedLogout: { logoutSource: sendLogoutPage, postLogoutSuccessSource: sendLoggedOutPage },
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx: OidcContext) => apis.byAudience(ctx).identifier,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx: OidcContext, resource: string) =>
        resourceServerInfo(apis.byResource(resource), ctx.oidc.account),
    },
  }
}
