import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  refreshTokenGrant,
} from 'openid-client'
import { ServiceError } from '../../errors/catalogue.ts'
import { secureUrlOf } from '../../http/secure-url.ts'
import { withTimeout } from '../../http/with-timeout.ts'
import { MAX_SUBJECT_LENGTH, toText } from '../../schemas/text.ts'
import { type ClientOptions, configure } from './configuration.ts'
import { loginErrors } from './errors.ts'
import { describe, isInvalidGrant, toServiceError } from './issuer-errors.ts'
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
  /** Returns the issuer's discovery document; throws when there is none. */
  readonly metadata: () => Promise<Readonly<Record<string, unknown>>>
  /** Audience of the access tokens. */
  readonly audience: string
  /** Public address of the web app. */
  readonly baseUrl: string
  readonly verifyIdToken: (token: string) => Promise<unknown>
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
   * Builds the authorization request (RFC 6749, section 4.1.1; RFC 7636; OpenID Connect Core 1.0, 3.1.2.1).
   *
   * @throws {ServiceError} 503 when the issuer is unavailable
   */
  async authorizationUrl(
    { state, nonce, codeVerifier }: LoginTransaction,
    isSignUp: boolean,
  ): Promise<string> {
    const configuration = await this.#ask(() => this.#configuration())
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: this.#redirectUri,
      scope: 'openid profile email offline_access',
      audience: this.#options.audience, // Auth0's own parameter: without it the access token is opaque
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(isSignUp ? { screen_hint: 'signup' } : {}),
    })
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
      return { tokens: toTokens(response), claims }
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
      return claims === undefined || claims.sub === subject ? toTokens(response) : undefined
    } catch (error) {
      if (isInvalidGrant(error)) return undefined
      throw issuerUnavailable(describe(error))
    }
  }

  /**
   * Builds the URL that ends the session at the issuer. Issuers with Auth0's token endpoint also have its logout path.
   * Others name an endpoint in their metadata (OpenID Connect RP-Initiated Logout 1.0) or do not support logout. Without
   * metadata, Auth0's path is assumed: the browser may reach the issuer even if the service does not.
   */
  async logoutUrl(idToken: string | undefined): Promise<string> {
    const { issuer, clientId, baseUrl } = this.#options
    const metadata = await this.#ask(() => this.#configuration()).then(
      (configuration) => configuration.serverMetadata(),
      () => undefined,
    )
    const auth0 = `${issuer.replace(/\/$/, '')}/`
    if (!metadata || metadata.token_endpoint === `${auth0}oauth/token`)
      return `${auth0}v2/logout?${new URLSearchParams({ client_id: clientId, returnTo: baseUrl })}`
    const url = secureUrlOf(issuer, metadata.end_session_endpoint ?? '')
    if (!url) return baseUrl
    url.searchParams.set('client_id', clientId)
    url.searchParams.set('post_logout_redirect_uri', baseUrl)
    if (idToken !== undefined) url.searchParams.set('id_token_hint', idToken)
    return url.href
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
    const { issuer, metadata } = this.#options
    try {
      return configure(await metadata(), this.#options)
    } catch (error) {
      throw new IssuerUnavailableError(`the discovery document of ${issuer} is not usable`, { cause: error })
    }
  }
}
