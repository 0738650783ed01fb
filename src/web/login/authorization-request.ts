import type { LoginTransaction } from './login-transactions.ts'

export interface RequestOptions {
  /** Scope of the login, sent unchanged. The default depends on the issuer. */
  readonly scope: string | undefined
  /** Further parameters. None has a name of the protocol. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** Audience of the access tokens, Auth0's own parameter: without it the access token is opaque. */
  readonly audience: string | undefined
}

export interface LoginRequest extends LoginTransaction {
  readonly isSignUp: boolean
  readonly redirectUri: string
  readonly codeChallenge: string
}

/**
 * Builds the parameters of an authorization request (RFC 6749, section 4.1.1; RFC 7636; RFC 9470, section 5; OpenID Connect
 * Core 1.0, 3.1.2.1). Those of the login replace those of the configuration.
 *
 * @param scopesSupported of the discovery document
 */
export function authorizationParameters(
  { scope, parameters, audience }: RequestOptions,
  login: LoginRequest,
  scopesSupported: unknown,
): URLSearchParams {
  const { state, nonce, codeChallenge, redirectUri, isSignUp, organization } = login
  const { acrValues, maxAge } = login.required ?? {}
  const all = new URLSearchParams()
  for (const [name, value] of parameters) all.append(name, value)
  const own = {
    redirect_uri: redirectUri,
    scope: scope ?? defaultScope(scopesSupported),
    audience,
    state,
    nonce,
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
    organization,
    screen_hint: isSignUp ? 'signup' : undefined,
    acr_values: acrValues,
    max_age: maxAge,
  }
  for (const [name, value] of Object.entries(own)) if (value !== undefined) all.set(name, String(value))
  return all
}

const SCOPE = 'openid profile email'
const OFFLINE_ACCESS = 'offline_access'

/** Some issuers reject `offline_access`. An issuer need not list its scopes (OpenID Connect Discovery 1.0, section 3). */
function defaultScope(supported: unknown): string {
  const isRejected = Array.isArray(supported) && !supported.includes(OFFLINE_ACCESS)
  return isRejected ? SCOPE : `${SCOPE} ${OFFLINE_ACCESS}`
}
