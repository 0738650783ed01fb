import { LRUCache } from 'lru-cache'
import type { Issuer } from './issuer.ts'
import type { SigningKey } from './signing-key.ts'
import { heapBytes, type VerifiedToken } from './verified-token.ts'

/** Estimated memory of the cache: the minimum, and the average of each token. A typical token takes 2 to 3 KB. */
const [MIN_CACHE_BYTES, MEAN_TOKEN_BYTES] = [32 * 1_048_576, 3_356]
/** Length of the cache key. Hashing whole tokens would be slow, so the whole token is compared afterwards. */
const KEY_LENGTH = 64
/** Characters of the signature that serve as a hash of the token: 36 bits, of which 32 are used. */
const HASH_LENGTH = 6
/** Enough that tokens in use rarely take the slot of another before it is cached. */
const [MIN_SLOTS, SLOTS_PER_TOKEN] = [4_096, 4]

export interface CachedToken {
  /** The compact JWS. */
  readonly text: string
  readonly token: VerifiedToken
  readonly issuer: Issuer
  readonly key: SigningKey
}

/**
 * Caches accepted tokens from their second verification on, so that a token that is used once takes no lasting memory and evicts
 * no other. The least recently used are evicted.
 */
export class TokenCache {
  readonly #tokens: LRUCache<string, CachedToken>
  /** Hashes of tokens that were verified once. Each has one slot, which the next hash takes. */
  readonly #seen: Uint32Array

  /** @param max maximum number of tokens, at least 1 */
  constructor(max: number) {
    this.#tokens = new LRUCache({
      max,
      maxSize: Math.max(MIN_CACHE_BYTES, max * MEAN_TOKEN_BYTES),
      sizeCalculation: ({ text, token }) => text.length + heapBytes(token.claims),
    })
    this.#seen = new Uint32Array(Math.max(MIN_SLOTS, max * SLOTS_PER_TOKEN))
  }

  /** Number of cached tokens. */
  get size(): number {
    return this.#tokens.size
  }

  find(text: string): CachedToken | undefined {
    const cached = this.#tokens.get(keyOf(text))
    // A token with other claims and the signature of a cached token has the same key
    return cached?.text === text ? cached : undefined
  }

  /** Caches the token if it was added before. */
  add(token: CachedToken): void {
    const key = keyOf(token.text)
    const hash = Buffer.from(key.slice(0, HASH_LENGTH), 'base64url').readUInt32LE()
    const slot = hash % this.#seen.length
    if (this.#seen[slot] === hash) this.#tokens.set(key, token)
    else this.#seen[slot] = hash
  }

  delete(text: string): void {
    this.#tokens.delete(keyOf(text))
  }
}

function keyOf(text: string): string {
  return text.slice(-KEY_LENGTH)
}
