import type { Application } from './application.ts'
import { anyLocalUrl, deviceGrant, passwordRealmGrant } from './application.ts'

/** A client's registration, with the names of OpenID Connect Dynamic Client Registration. */
export interface ClientMetadata {
  client_id: string
  client_secret?: string
  token_endpoint_auth_method?: 'none'
  application_type: 'web'
  grant_types: string[]
  response_types: string[]
  redirect_uris: string[]
  backchannel_logout_uri?: string
  backchannel_logout_session_required?: boolean
  tls_client_certificate_bound_access_tokens?: boolean
  application: Application
}

/**
 * THROWAWAY: the applications of the local tenant, with published secrets.
 *
 * @param baseUrl public address of the service; the callback of `gatehouse-web` is there
 * @throws {TypeError} when `baseUrl` is not a URL
 */
export function throwawayApplications(baseUrl: string): Application[] {
  const base = new URL(baseUrl).href.replace(/\/$/, '')
  return [
    {
      id: 'gatehouse-web',
      secret: 'gatehouse-web-secret',
      type: 'web',
      grants: ['authorization_code', 'refresh_token'],
      callbacks: [`${base}/callback`, ...anyLocalUrl],
      logoutUrls: [base, `${base}/`, ...anyLocalUrl],
      webOrigins: anyLocalUrl,
      backchannelLogoutUrl: `${base}/backchannel-logout`,
    },
    {
      id: 'gatehouse-spa',
      type: 'spa',
      grants: ['authorization_code', 'refresh_token'],
      callbacks: anyLocalUrl,
      logoutUrls: anyLocalUrl,
      webOrigins: anyLocalUrl,
    },
    {
      id: 'gatehouse-docs', // for the login on the service's /docs page
      type: 'spa',
      grants: ['authorization_code', 'refresh_token'],
      callbacks: [`${base}/docs`, `${base}/docs/`],
      logoutUrls: [],
      webOrigins: [],
    },
    {
      id: 'gatehouse-native',
      type: 'native',
      grants: ['authorization_code', 'refresh_token', deviceGrant],
      callbacks: anyLocalUrl,
      logoutUrls: anyLocalUrl,
      webOrigins: [],
    },
    {
      id: 'gatehouse-test',
      secret: 'gatehouse-test-secret',
      type: 'machine',
      grants: ['password', passwordRealmGrant, 'client_credentials', 'refresh_token'],
      rotateRefreshTokens: true,
      callbacks: [],
      logoutUrls: [],
      webOrigins: [],
    },
  ]
}

/** Registers an application. Its URLs may be patterns, which the provider does not know: they are checked by the tenant. */
export function clientOf(application: Application): ClientMetadata {
  const { id, secret, grants, backchannelLogoutUrl, tlsClientCertificateBoundAccessTokens } = application
  const hasLogin = grants.includes('authorization_code')
  return {
    client_id: id,
    ...(secret ? { client_secret: secret } : { token_endpoint_auth_method: 'none' }),
    // 'native' would require consent at every login
    application_type: 'web',
    grant_types: grants,
    response_types: hasLogin ? ['code'] : [],
    // Two, since a request without redirect_uri would get the only one
    redirect_uris: hasLogin ? ['http://localhost/', 'http://127.0.0.1/'] : [],
    ...(backchannelLogoutUrl && {
      backchannel_logout_uri: backchannelLogoutUrl,
      backchannel_logout_session_required: true,
    }),
    ...(tlsClientCertificateBoundAccessTokens && { tls_client_certificate_bound_access_tokens: true }),
    application,
  }
}
