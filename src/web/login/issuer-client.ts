import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  refreshTokenGrant,
} from 'openid-client'
import { ServiceError } from '../../errors/catalogue.ts'
import { secureUrl } from '../../http/secure-url.ts'
import { discover, type IssuerClientOptions } from './discover.ts'
import { loginErrors } from './errors.ts'
import { inTime } from './in-time.ts'
import { describe, isInvalidGrant, toServiceError } from './issuer-errors.ts'
import type { Attempt } from './login-transactions.ts'
import { issuerUnavailable, Outage } from './outage.ts'
import { type IdTokenClaims, type Tokens, toText, toTokens } from './tokens.ts'

export interface SignIn {
  readonly tokens: Tokens
  readonly claims: IdTokenClaims
}

/** The issuer as the web app's log-in needs it. It is first asked when somebody wants to log in. */
export class IssuerClient {
  readonly #options: IssuerClientOptions
  #discovered: Promise<Configuration> | undefined

  constructor(options: IssuerClientOptions) {
    this.#options = options
  }

  /**
   * Where to send the browser (RFC 6749, section 4.1.1; RFC 7636; OpenID Connect Core 1.0, 3.1.2.1).
   *
   * @throws {ServiceError} 503
   */
  async authorizationUrl({ state, nonce, codeVerifier }: Attempt, isSignUp: boolean): Promise<string> {
    const configuration = await this.#ask(() => this.#discover())
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: this.#redirectUri,
      scope: 'openid profile email offline_access',
      audience: this.#options.audience, // Auth0's own: without it the access token is opaque
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(isSignUp ? { screen_hint: 'signup' } : {}),
    })
    return url.href
  }

  /**
   * Turns what the issuer has sent the browser back with into tokens. All checks of OpenID Connect Core 1.0, 3.1.3.7,
   * the signature included.
   *
   * @param query of the callback
   * @throws {ServiceError} 400 when the issuer or a check refuses it, 503 when the issuer does not answer
   */
  async exchange(query: string, attempt: Attempt): Promise<SignIn> {
    return this.#ask(async () => {
      const callback = new URL(`${this.#redirectUri}?${query}`)
      const answer = await authorizationCodeGrant(await this.#discover(), callback, {
        expectedState: attempt.state,
        expectedNonce: attempt.nonce,
        pkceCodeVerifier: attempt.codeVerifier,
        idTokenExpected: true,
      })
      await this.#options.verifyIdToken(answer.id_token as string) // idTokenExpected
      const claims = answer.claims() as IdTokenClaims
      if (toText(claims.sub) === undefined)
        throw new ServiceError(loginErrors.failed, { detail: 'sub is not usable' })
      return { tokens: toTokens(answer), claims }
    })
  }

  /**
   * New tokens for a refresh token (RFC 6749, section 6), which may be no good after that. It is waited for to the
   * end: tokens that nobody takes are lost, and the issuer takes a second use of the old one for a theft.
   *
   * @returns undefined when the issuer refuses it, for good
   * @throws {ServiceError} 503 when it cannot be told
   */
  async refresh(refreshToken: string, subject: string): Promise<Tokens | undefined> {
    try {
      const answer = await refreshTokenGrant(await this.#discover(), refreshToken)
      const claims = answer.claims()
      // OpenID Connect Core 1.0, 12.2
      return claims === undefined || claims.sub === subject ? toTokens(answer) : undefined
    } catch (error) {
      if (isInvalidGrant(error)) return undefined
      throw issuerUnavailable(describe(error))
    }
  }

  /**
   * Where to send a browser to be logged out at the issuer too. Auth0 has a path of its own, and so has whoever has
   * Auth0's paths; others say where (OpenID Connect RP-Initiated Logout 1.0), or have no such thing. An issuer that
   * cannot be asked may still answer the browser.
   */
  async logoutUrl(idToken: string | undefined): Promise<string> {
    const { issuer, clientId, baseUrl } = this.#options
    const metadata = await this.#ask(() => this.#discover()).then(
      (configuration) => configuration.serverMetadata(),
      () => undefined,
    )
    const auth0 = `${issuer.replace(/\/$/, '')}/`
    if (!metadata || metadata.token_endpoint === `${auth0}oauth/token`)
      return `${auth0}v2/logout?${new URLSearchParams({ client_id: clientId, returnTo: baseUrl })}`
    const url = secureUrl(metadata.end_session_endpoint ?? '')
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
      return await inTime(work())
    } catch (error) {
      throw error instanceof ServiceError ? error : toServiceError(error)
    }
  }

  /** Once for all; after a failure, with the next who asks. */
  #discover(): Promise<Configuration> {
    this.#discovered ??= discover(this.#options).catch((error) => {
      this.#discovered = undefined
      throw new Outage(`the discovery document of ${this.#options.issuer} is not usable`, { cause: error })
    })
    return this.#discovered
  }
}
