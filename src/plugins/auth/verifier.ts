import { LRUCache } from 'lru-cache'
import { checkAccessToken, checkJwt, checkTimes, type Policy } from './checks.ts'
import { type Decode, decodeToken } from './decode.ts'
import type { KeySet } from './key-set.ts'
import { findSigner } from './signer.ts'
import type { SigningKey } from './signing-key.ts'
import { type Claims, heapBytes, toVerifiedToken, type VerifiedToken } from './verified-token.ts'

const MAX_CACHED_TOKENS = 10_000
/** Estimated memory of the cache. A typical token takes 2 to 3 KB. */
const MAX_CACHED_BYTES = 32 * 1_048_576
/** Length of the cache key. Hashing whole tokens would be slow, so the whole token is compared afterwards. */
const KEY_LENGTH = 64

export interface VerifierOptions {
  readonly policy: Policy
  readonly keySets: ReadonlyMap<string, KeySet>
  readonly decode: Decode
}

/** Rules for a token that is not an access token, such as an ID token. */
export interface JwtRules {
  readonly issuer: string
  readonly audience: string
  readonly isExpectedType: (typ: string) => boolean
}

interface CachedToken {
  /** The compact JWS. */
  readonly text: string
  readonly token: VerifiedToken
  readonly key: SigningKey
}

/**
 * Verifies access tokens (RFC 9068, section 4; RFC 8725) and caches accepted ones. Rejected tokens are never cached, so
 * that they take no memory and that the error of an unavailable issuer does not persist.
 */
export class Verifier {
  readonly cacheStats = { hits: 0, misses: 0 }
  readonly #options: VerifierOptions
  readonly #cache = new LRUCache<string, CachedToken>({
    max: MAX_CACHED_TOKENS,
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: ({ text, token }) => text.length + heapBytes(token.claims),
  })

  constructor(options: VerifierOptions) {
    this.#options = options
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
  async verifyJwt(
    token: string,
    { issuer, audience, isExpectedType }: JwtRules,
    now: number,
  ): Promise<Claims> {
    const { policy, decode } = this.#options
    const { header, payload } = decodeToken(token, decode)
    const rules = { ...policy, issuers: [issuer], audiences: [audience] }
    checkJwt(header, payload, rules, isExpectedType, now / 1000)
    await findSigner(token, header, this.#keySet(issuer), now)
    return payload
  }

  #findCached(token: string, now: number): VerifiedToken | undefined {
    const cached = this.#cache.get(token.slice(-KEY_LENGTH))
    // A token with other claims and the signature of a cached token has the same cache key
    if (cached?.text !== token) return undefined
    // The tokens of a withdrawn key are dropped
    if (this.#keySet(cached.token.issuer).trusts(cached.key, now)) {
      checkTimes(cached.token.claims, this.#options.policy, now / 1000)
      this.cacheStats.hits++
      return cached.token
    }
    this.#cache.delete(token.slice(-KEY_LENGTH))
    return undefined
  }

  #verifyNew(token: string, now: number): VerifiedToken | Promise<VerifiedToken> {
    this.cacheStats.misses++
    const { header, payload } = decodeToken(token, this.#options.decode)
    checkAccessToken(header, payload, this.#options.policy, now / 1000)
    const accept = (key: SigningKey) => {
      const verified = toVerifiedToken(payload)
      this.#cache.set(token.slice(-KEY_LENGTH), { text: token, token: verified, key })
      return verified
    }
    const signer = findSigner(token, header, this.#keySet(payload.iss as string), now)
    return signer instanceof Promise ? signer.then(accept) : accept(signer)
  }

  /** Returns the key set of an issuer that has passed the policy. */
  #keySet(issuer: string): KeySet {
    return this.#options.keySets.get(issuer) as KeySet
  }
}
