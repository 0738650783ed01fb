/** Lists of URLs of an application. */
export type UrlList = 'callbacks' | 'logoutUrls' | 'webOrigins'

/** An application of the tenant, with the names of Auth0's dashboard. */
export interface Application {
  id: string
  /** Missing for public applications, which use PKCE alone. */
  secret?: string
  type: 'web' | 'spa' | 'native' | 'machine'
  callbacks: string[]
  logoutUrls: string[]
  /** Origins that may log in silently or in a popup (`response_mode=web_message`). */
  webOrigins: string[]
  grants: string[]
  backchannelLogoutUrl?: string
  /** Default: true for public applications, which have no secret. */
  rotateRefreshTokens?: boolean
  /** Whether its access tokens are bound to the certificate of the token request (RFC 8705, section 3.4). */
  tlsClientCertificateBoundAccessTokens?: boolean
  /** Where its file has each list, such as `tenant.json, line 12`. Missing without a file. */
  places?: Record<UrlList, string>
}

/** Auth0's name for the password grant with a connection; the tenant has only one connection. */
export const passwordRealmGrant = 'http://auth0.com/oauth/grant-type/password-realm'

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** Any port and path of the developer's machine. Auth0 itself accepts listed URLs only. */
export const anyLocalUrl = ['http://localhost:*', 'http://127.0.0.1:*']

/** Response types by type of application. */
const responseTypes: Record<Application['type'], string[]> = {
  web: ['code', 'id_token', 'code id_token'],
  spa: ['code'],
  native: ['code'],
  machine: [],
}

/** Whether the application may use the response type. The order of its words does not matter. */
export function responseTypeAllowed(application: Application, responseType: string): boolean {
  return responseTypes[application.type].includes(responseType)
}
