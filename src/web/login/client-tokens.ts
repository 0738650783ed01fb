import { type ErrorDefinition, ServiceError } from '../../errors/catalogue.ts'
import { type Claims, TokenError, type Verifier } from '../../plugins/auth/index.ts'
import { loginErrors } from './errors.ts'

/** Verifies tokens that the issuer addresses to the web client: ID tokens and logout tokens. */
export class ClientTokens {
  readonly #verifier: Verifier
  readonly #issuer: string
  readonly #clientId: string

  constructor(verifier: Verifier, issuer: string, clientId: string) {
    this.#verifier = verifier
    this.#issuer = issuer
    this.#clientId = clientId
  }

  /**
   * Verifies signature, issuer, audience and times. Uses the key sets of access tokens, so that new keys are learnt at
   * once and removed keys are rejected.
   *
   * @param types accepted `typ` header parameters, in lower case
   * @param now milliseconds since the epoch
   * @throws {ServiceError} `error` when the token is not acceptable, 503 when the issuer is unavailable
   */
  async verify(
    token: string,
    types: readonly string[],
    error: ErrorDefinition,
    now: number,
  ): Promise<Claims> {
    const rules = { issuer: this.#issuer, audience: this.#clientId, types }
    try {
      return await this.#verifier.verifyJwt(token, rules, now)
    } catch (cause) {
      const isRejected = cause instanceof TokenError && cause.statusCode === 401
      throw isRejected ? new ServiceError(error, { detail: String(cause.detail) }) : cause
    }
  }

  /** Verifies an ID token (OpenID Connect Core 1.0, 3.1.3.7); openid-client checks `nonce` and `azp`. */
  async verifyIdToken(token: string, now: number): Promise<Claims> {
    return this.verify(token, ['jwt'], loginErrors.failed, now)
  }
}
