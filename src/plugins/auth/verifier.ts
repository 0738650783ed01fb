import { LRUCache } from 'lru-cache'
import { checkTimes, checkUnsigned, type Policy } from './checks.ts'
import type { KeySet } from './key-set.ts'
import { type Decode, decodeToken, findSigner } from './signed-token.ts'
import type { SigningKey } from './signing-key.ts'
import { toVerifiedToken, type VerifiedToken } from './verified-token.ts'

const MAX_CACHED_TOKENS = 10_000
const MAX_CACHED_BYTES = 16 * 1_048_576
/** Tokens are looked up by their end, since hashing a kilobyte costs more than all else, and told apart by the whole. */
const END_LENGTH = 64

export interface VerifierOptions {
  readonly policy: Policy
  readonly keySets: ReadonlyMap<string, KeySet>
  readonly decode: Decode
}

interface Accepted {
  /** The compact JWS. */
  readonly text: string
  readonly token: VerifiedToken
  readonly key: SigningKey
}

/**
 * Verifies access tokens (RFC 9068, section 4; RFC 8725) and remembers those it accepted. A refusal is never
 * remembered: it costs no memory, and what was an outage a moment ago is none now.
 */
export class Verifier {
  /** Tokens that were known, and those that had to be verified: for the metrics. */
  readonly recalls = { hits: 0, misses: 0 }
  readonly #options: VerifierOptions
  readonly #accepted = new LRUCache<string, Accepted>({
    max: MAX_CACHED_TOKENS,
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: ({ text }) => text.length,
  })

  constructor(options: VerifierOptions) {
    this.#options = options
  }

  /** How many tokens are remembered. */
  get size(): number {
    return this.#accepted.size
  }

  /**
   * Answers at once when the token was accepted before, else with a promise.
   *
   * @param now milliseconds since the epoch
   * @throws {ServiceError} 401 when the token is not acceptable, 503 when that cannot be told
   */
  verify(token: string, now: number): VerifiedToken | Promise<VerifiedToken> {
    return this.#recall(token, now) ?? this.#verifyNew(token, now)
  }

  #recall(token: string, now: number): VerifiedToken | undefined {
    const accepted = this.#accepted.get(token.slice(-END_LENGTH))
    if (accepted?.text !== token) return undefined // the signature of a known token below other claims ends like it
    // A key that the issuer has withdrawn takes its tokens with it
    if (this.#keySet(accepted.token.issuer).trusts(accepted.key, now)) {
      checkTimes(accepted.token.claims, this.#options.policy, now / 1000)
      this.recalls.hits++
      return accepted.token
    }
    this.#accepted.delete(token.slice(-END_LENGTH))
    return undefined
  }

  async #verifyNew(token: string, now: number): Promise<VerifiedToken> {
    this.recalls.misses++
    const { header, payload } = decodeToken(token, this.#options.decode)
    checkUnsigned(header, payload, this.#options.policy, now / 1000)
    const key = await findSigner(token, header, this.#keySet(payload.iss as string), now)
    const verified = toVerifiedToken(payload)
    this.#accepted.set(token.slice(-END_LENGTH), { text: token, token: verified, key })
    return verified
  }

  /** Only called for issuers that passed the policy, and each of those has a key set. */
  #keySet(issuer: string): KeySet {
    return this.#options.keySets.get(issuer) as KeySet
  }
}
