/** A client's registration, with the names of OpenID Connect Dynamic Client Registration. */
export interface ClientMetadata {
  client_id: string
  client_secret?: string
  token_endpoint_auth_method?: 'none'
  application_type: 'web'
  grant_types: string[]
  response_types: string[]
  redirect_uris: string[]
  post_logout_redirect_uris: string[]
  backchannel_logout_uri?: string
  backchannel_logout_session_required?: boolean
}

/**
 * THROWAWAY: the clients of the local tenant, with published secrets.
 *
 * @param baseUrl public address of the service; the callback of `gatehouse-web` is there
 * @throws {TypeError} when `baseUrl` is not a URL
 */
export function throwawayClients(baseUrl: string): ClientMetadata[] {
  const base = new URL(baseUrl).href.replace(/\/$/, '')
  return [
    {
      client_id: 'gatehouse-web',
      client_secret: 'gatehouse-web-secret',
      application_type: 'web',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [`${base}/callback`],
      post_logout_redirect_uris: [base, `${base}/`],
      backchannel_logout_uri: `${base}/backchannel-logout`,
      backchannel_logout_session_required: true,
    },
    {
      client_id: 'gatehouse-spa',
      token_endpoint_auth_method: 'none',
      // 'native' would require consent at every login
      application_type: 'web',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: ['http://localhost:4040', 'http://localhost:4040/*'],
      post_logout_redirect_uris: ['http://localhost:4040', 'http://localhost:4040/*'],
    },
    {
      client_id: 'gatehouse-docs', // for the login on the service's /docs page
      token_endpoint_auth_method: 'none',
      application_type: 'web',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [`${base}/docs/`],
      post_logout_redirect_uris: [],
    },
    {
      client_id: 'gatehouse-test',
      client_secret: 'gatehouse-test-secret',
      application_type: 'web',
      grant_types: ['password', passwordRealmGrant, 'client_credentials', 'refresh_token'],
      response_types: [],
      redirect_uris: [],
      post_logout_redirect_uris: [],
    },
  ]
}

/** Auth0's name for the password grant with a connection; the tenant has only one connection. */
export const passwordRealmGrant = 'http://auth0.com/oauth/grant-type/password-realm'

/** Whether `url` is among the allowed URLs. One that ends in `/*` allows every path below it. */
export function urlAllowed(url: string, allowed: string[] = []): boolean {
  return allowed.some((pattern) => {
    if (pattern.endsWith('/*')) return URL.canParse(url) && url.startsWith(pattern.slice(0, -1))
    return url === pattern
  })
}
