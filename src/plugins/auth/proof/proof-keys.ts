import { LRUCache } from 'lru-cache'
import type { Jwk } from '../jwk.ts'
import { type SigningKey, toSigningKey } from '../signing-key.ts'

/** Maximum number of imported keys. */
const MAX_KEYS = 10_000

/** Imported keys of proofs. Importing a key takes as long as verifying a signature. */
export class ProofKeys {
  readonly #keys: LRUCache<string, SigningKey>

  constructor(maxKeys = MAX_KEYS) {
    this.#keys = new LRUCache({ max: maxKeys })
  }

  /** Number of keys. */
  get size(): number {
    return this.#keys.size
  }

  /**
   * Imports a key, once.
   *
   * @param jkt thumbprint of the key
   * @returns undefined if the key is not valid or too weak
   */
  import(jwk: Jwk, algorithm: string, jkt: string): SigningKey | undefined {
    const name = `${algorithm} ${jkt}`
    const known = this.#keys.get(name)
    if (known) return known
    const key = toSigningKey(jwk, algorithm)
    if (key) this.#keys.set(name, key)
    return key
  }
}
