import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  type Configuration,
  calculatePKCECodeChallenge,
  refreshTokenGrant,
  type TokenEndpointResponse,
} from 'openid-client'
import { ServiceError } from '../../errors/catalogue.ts'
import { withTimeout } from '../../http/with-timeout.ts'
import { MAX_SUBJECT_LENGTH, toText } from '../../schemas/text.ts'
import { authorizationParameters, type RequestOptions } from './authorization-request.ts'
import { type ClientOptions, configure } from './configuration.ts'
import { loginErrors } from './errors.ts'
import { describe, isRefreshRejected, toServiceError } from './issuer-errors.ts'
import {
  IssuerUnavailableError,
  issuerTimeout,
  issuerUnavailable,
  MAX_WAIT_MS,
} from './issuer-unavailable.ts'
import type { LoginTransaction } from './login-transactions.ts'
import { type IdTokenClaims, type Tokens, toTokens } from './tokens.ts'

export interface IssuerClientOptions extends ClientOptions {
  readonly issuer: string
  /** Returns the discovery document; throws when there is none. */
  readonly discovery: () => Promise<Readonly<Record<string, unknown>>>
  readonly request: RequestOptions
  /** Public address of the web app. */
  readonly baseUrl: string
  readonly verifyIdToken: (token: string) => Promise<unknown>
  /** Reads the scopes and permissions of an access token. Never rejects. */
  readonly readGrants: (accessToken: string) => Promise<readonly string[]>
}

export interface LoginResult {
  readonly tokens: Tokens
  readonly claims: IdTokenClaims
}

/** The web app's requests to the issuer. The first one is sent by the first login, so the boot does not depend on it. */
export class IssuerClient {
  readonly #options: IssuerClientOptions

  constructor(options: IssuerClientOptions) {
    this.#options = options
  }

  /**
   * Builds the authorization request of a login. If the issuer requires it, the parameters are pushed to it, and the browser
   * carries a reference (RFC 9126, section 5). Otherwise they are not: any client can begin a login, and each would be a
   * request to the issuer.
   *
   * @throws {ServiceError} 400 when the issuer rejects the parameters, 503 when it is unavailable
   */
  async authorizationUrl(transaction: LoginTransaction, isSignUp: boolean): Promise<string> {
    const configuration = await this.#ask(() => this.#configuration())
    const codeChallenge = await calculatePKCECodeChallenge(transaction.codeVerifier)
    const login = { ...transaction, isSignUp, redirectUri: this.#redirectUri, codeChallenge }
    const { scopes_supported, require_pushed_authorization_requests: isPushed } =
      configuration.serverMetadata()
    const parameters = authorizationParameters(this.#options.request, login, scopes_supported)
    if (isPushed !== true) return buildAuthorizationUrl(configuration, parameters).href
    const url = await this.#ask(() => buildAuthorizationUrlWithPAR(configuration, parameters))
    return url.href
  }

  /**
   * Exchanges the authorization response for tokens. Performs all checks of OpenID Connect Core 1.0, 3.1.3.7, including
   * the signature.
   *
   * @param query query string of the callback
   * @throws {ServiceError} 400 when the issuer denied the login or a check fails, 503 when the issuer is unavailable
   */
  async exchange(query: string, transaction: LoginTransaction): Promise<LoginResult> {
    return this.#ask(async () => {
      const callback = new URL(`${this.#redirectUri}?${query}`)
      const response = await authorizationCodeGrant(await this.#configuration(), callback, {
        expectedState: transaction.state,
        expectedNonce: transaction.nonce,
        pkceCodeVerifier: transaction.codeVerifier,
        idTokenExpected: true,
      })
      await this.#options.verifyIdToken(response.id_token as string) // idTokenExpected
      const claims = response.claims() as IdTokenClaims
      if (toText(claims.sub, MAX_SUBJECT_LENGTH) === undefined)
        throw new ServiceError(loginErrors.failed, { detail: 'sub is not usable' })
      return { tokens: await this.#toTokens(response), claims }
    })
  }

  /**
   * Exchanges a refresh token for new tokens (RFC 6749, section 6). Has no time limit of its own: if the response were
   * dropped, the new tokens would be lost, and the issuer would take a second use of the old one for theft.
   *
   * @returns undefined when the issuer rejects the refresh token for good
   * @throws {ServiceError} 503 when the outcome is unknown
   */
  async refresh(refreshToken: string, subject: string): Promise<Tokens | undefined> {
    try {
      const response = await refreshTokenGrant(await this.#configuration(), refreshToken)
      const claims = response.claims()
      // OpenID Connect Core 1.0, 12.2
      return claims === undefined || claims.sub === subject ? await this.#toTokens(response) : undefined
    } catch (error) {
      if (isRefreshRejected(error)) return undefined
      throw issuerUnavailable(describe(error))
    }
  }

  /**
   * Builds the URL that ends the session at the issuer. Issuers with Auth0's token endpoint also have its logout path.
   * Others name an endpoint in their metadata (OpenID Connect RP-Initiated Logout 1.0) or do not support logout. Without
   * metadata, Auth0's path is assumed: the browser may reach the issuer even if the service does not.
   */
  async logoutUrl(idToken: string | undefined): Promise<string> {
    const { issuer, clientId, baseUrl, metadata: endpoints } = this.#options
    const metadata = await this.#ask(() => this.#configuration()).then(
      (configuration) => configuration.serverMetadata(),
      () => undefined,
    )
    const auth0 = `${issuer.replace(/\/$/, '')}/`
    if (!metadata || metadata.token_endpoint === `${auth0}oauth/token`)
      return `${auth0}v2/logout?${new URLSearchParams({ client_id: clientId, returnTo: baseUrl })}`
    const endpoint = metadata.end_session_endpoint
    if (endpoint === undefined || !endpoints.allows(endpoint)) return baseUrl
    const url = new URL(endpoint)
    url.searchParams.set('client_id', clientId)
    url.searchParams.set('post_logout_redirect_uri', baseUrl)
    if (idToken !== undefined) url.searchParams.set('id_token_hint', idToken)
    return url.href
  }

  async #toTokens(response: TokenEndpointResponse): Promise<Tokens> {
    return toTokens(response, await this.#options.readGrants(response.access_token))
  }

  get #redirectUri(): string {
    return `${this.#options.baseUrl}/callback`
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await withTimeout(work(), MAX_WAIT_MS, issuerTimeout)
    } catch (error) {
      throw error instanceof ServiceError ? error : toServiceError(error)
    }
  }

  async #configuration(): Promise<Configuration> {
    const { issuer, discovery } = this.#options
    try {
      return configure(await discovery(), this.#options)
    } catch (error) {
      throw new IssuerUnavailableError(`the discovery document of ${issuer} is not usable`, { cause: error })
    }
  }
}
