import { checkAccessToken, checkJwt, checkTimes, resourcesOf, type UnverifiedToken } from './checks.ts'
import { type Decode, decodeToken } from './decode.ts'
import { TokenError, tokenErrors, unusable, wrongClaims } from './errors.ts'
import type { Issuer, Issuers } from './issuer.ts'
import { Resources } from './resources.ts'
import { findSigner } from './signer.ts'
import type { SigningKey } from './signing-key.ts'
import { TokenCache } from './token-cache.ts'
import type { Claims, VerifiedToken } from './verified-token.ts'

export interface VerifierOptions {
  readonly issuers: Issuers
  readonly decode: Decode
  readonly clockToleranceSeconds: number
  /** At least 1. */
  readonly maxCachedTokens: number
  readonly isRevoked?: IsRevoked | undefined
}

/** Tells whether a verified token is revoked. Called for every request, so it must not wait. */
export type IsRevoked = (token: VerifiedToken) => boolean

/** Rules for a token that is not an access token, such as an ID token. */
export interface JwtRules {
  readonly issuer: string
  readonly audience: string
  /** Accepted `typ` header parameters, in lower case and without `application/`. */
  readonly types: readonly string[]
}

/**
 * Verifies access tokens (RFC 9068, section 4; RFC 8725) and caches accepted ones. Rejected tokens are never cached, so
 * that they take no memory and that the error of an unavailable issuer does not persist.
 */
export class Verifier {
  /** Tolerance for times in tokens. */
  readonly clockToleranceSeconds: number
  readonly cacheStats = { hits: 0, misses: 0 }
  /** Undefined while no token is revoked. */
  isRevoked: IsRevoked | undefined
  readonly #options: VerifierOptions
  readonly #cache: TokenCache

  constructor(options: VerifierOptions) {
    this.#options = options
    this.clockToleranceSeconds = options.clockToleranceSeconds
    this.isRevoked = options.isRevoked
    this.#cache = new TokenCache(options.maxCachedTokens)
  }

  /** Number of cached tokens. */
  get cacheSize(): number {
    return this.#cache.size
  }

  /**
   * Returns a promise only if a key must be downloaded first.
   *
   * @param now milliseconds since the epoch
   * @throws {TokenError} 401 if the token is not acceptable, 503 if the issuer is unavailable
   */
  verify(token: string, now: number): VerifiedToken | Promise<VerifiedToken> {
    return this.#findCached(token, now) ?? this.#verifyNew(token, now)
  }

  /**
   * Verifies a token of a trusted issuer for another audience than the API. The result is not cached.
   *
   * @param now milliseconds since the epoch
   * @throws {TokenError} like {@link verify}
   */
  async verifyJwt(token: string, { issuer: name, audience, types }: JwtRules, now: number): Promise<Claims> {
    const { token: unverified, issuer } = this.#decode(token)
    if (issuer.name !== name) throw wrongClaims('issuer', 'iss is another issuer')
    const rules = { audiences: [audience], clients: undefined, resources: new Resources(), types }
    const policy = { ...issuer.policy, ...rules }
    checkJwt(unverified, policy, now / 1000)
    await findSigner(token, unverified.header, issuer.keySet, now)
    return unverified.payload
  }

  #findCached(token: string, now: number): VerifiedToken | undefined {
    const cached = this.#cache.find(token)
    if (!cached) return undefined
    // The tokens of a withdrawn key are dropped
    if (cached.issuer.keySet.trusts(cached.key, now)) {
      checkTimes(cached.token.claims, cached.issuer.policy, now / 1000)
      this.#rejectRevoked(cached.token)
      this.cacheStats.hits++
      return cached.token
    }
    this.#cache.delete(token)
    return undefined
  }

  #verifyNew(token: string, now: number): VerifiedToken | Promise<VerifiedToken> {
    this.cacheStats.misses++
    const { token: unverified, issuer } = this.#decode(token)
    const { header, payload } = unverified
    checkAccessToken(unverified, issuer.policy, now / 1000)
    const accept = (key: SigningKey) => {
      if (!issuer.mayBeSignedBy(payload, key))
        throw unusable('unknown_key', 'the key is that of another tenant')
      const verified = issuer.mapClaims(payload, resourcesOf(payload, issuer.policy))
      this.#rejectRevoked(verified)
      this.#cache.add({ text: token, token: verified, issuer, key })
      return verified
    }
    const signer = findSigner(token, header, issuer.keySet, now)
    return signer instanceof Promise ? signer.then(accept) : accept(signer)
  }

  #rejectRevoked(token: VerifiedToken): void {
    if (this.isRevoked?.(token)) throw new TokenError(tokenErrors.revoked, 'revoked')
  }

  /** Decodes the token and finds its issuer, whose policy applies. */
  #decode(text: string): { token: UnverifiedToken; issuer: Issuer } {
    const { decode, issuers } = this.#options
    const token = decodeToken(text, decode)
    const issuer = issuers.find(token.payload.iss)
    if (!issuer) throw wrongClaims('issuer', 'iss is not a configured issuer')
    return { token, issuer }
  }
}
