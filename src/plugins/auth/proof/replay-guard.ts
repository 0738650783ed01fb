import { createHash } from 'node:crypto'
import { httpErrors, ServiceError } from '../../../errors/catalogue.ts'

/** Maximum number of proofs in memory, about 50 MB. */
export const MAX_PROOFS = 500_000

/** Half of a SHA-256 is enough to keep different proofs apart. */
const KEY_BYTES = 16

/** Remembers a proof across processes. Resolves to false if it was known. Must not reject. */
export type Remember = (key: string, lifetimeMs: number) => Promise<boolean>

/**
 * Remembers proofs until they expire, so that each is accepted once (RFC 9449, section 11.1). Always in this process, so that a
 * proof it has seen stays known while a shared store is down.
 */
export class ReplayGuard {
  readonly #maxProofs: number
  /** Expiry by proof, in one map per lifetime: in each, the first proof expires first. */
  readonly #expiries = new Map<number, Map<string, number>>()
  #remember: Remember | undefined
  #isShared = () => false

  constructor(maxProofs = MAX_PROOFS) {
    this.#maxProofs = maxProofs
  }

  /** Number of proofs in memory. */
  get size(): number {
    return [...this.#expiries.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** Whether other processes know the proofs of this one. */
  get isShared(): boolean {
    return this.#isShared()
  }

  /** Makes other processes know the proofs of this one, while `isAvailable` returns true. */
  share(remember: Remember, isAvailable: () => boolean): void {
    this.#remember = remember
    this.#isShared = isAvailable
  }

  /**
   * Remembers a proof by its key and `jti`: the key of one client cannot use up the `jti` of another.
   *
   * @param lifetimeMs time for which the proof would be accepted again
   * @param steadyNow milliseconds of a monotonic clock
   * @returns whether the proof is new
   * @throws {ServiceError} 503 if the memory is full of proofs that have not expired
   */
  isNew(jkt: string, jti: string, lifetimeMs: number, steadyNow: number): boolean | Promise<boolean> {
    const digest = createHash('sha256').update(`${jkt}\0${jti}`).digest()
    const key = digest.subarray(0, KEY_BYTES).toString('base64url')
    if (!this.#add(key, lifetimeMs, steadyNow)) return false
    return this.#remember ? this.#remember(key, lifetimeMs) : true
  }

  #add(key: string, lifetimeMs: number, now: number): boolean {
    for (const expiries of this.#expiries.values()) {
      deleteExpired(expiries, now)
      if (expiries.has(key)) return false
    }
    if (this.size >= this.#maxProofs)
      throw new ServiceError(httpErrors.overloaded, {
        detail: 'the memory for DPoP proofs is full',
        retryAfterSeconds: lifetimeMs / 1000,
      })
    const expiries = this.#expiries.get(lifetimeMs) ?? new Map<string, number>()
    this.#expiries.set(lifetimeMs, expiries.set(key, Math.ceil(now) + lifetimeMs))
    return true
  }
}

function deleteExpired(expiries: Map<string, number>, now: number): void {
  for (const [key, expiry] of expiries) {
    if (expiry > now) return
    expiries.delete(key)
  }
}
