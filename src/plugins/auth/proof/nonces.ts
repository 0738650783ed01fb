import { createHmac, hkdfSync, randomBytes } from 'node:crypto'

const STEP_MS = 60_000
/** Number of steps in which a nonce is accepted. */
const STEPS = 5

/** Time after which a nonce is not accepted any more. Includes the step that another replica may be ahead. */
export const NONCE_LIFETIME_MS = (STEPS + 1) * STEP_MS

/**
 * Nonces for DPoP proofs (RFC 9449, section 9) without a store: a MAC of the time, so that all replicas with the same secret
 * accept them. The first secret makes nonces and all accept them, so that secrets can be rotated.
 */
export class Nonces {
  readonly #keys: readonly Buffer[]
  #step = -1
  #current = ''
  #steps: ReadonlyMap<string, number> = new Map()

  /** @param secrets of all replicas. Default: a random one */
  constructor(secrets: readonly string[] | undefined) {
    const all = secrets ?? [randomBytes(32)]
    this.#keys = all.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', 'dpop nonce', 32)))
  }

  /** @param now milliseconds since the epoch */
  current(now: number): string {
    this.#renew(now)
    return this.#current
  }

  /** Returns `current`, `old` if the client should get another one, or undefined if the nonce is not accepted. */
  ageOf(nonce: string, now: number): 'current' | 'old' | undefined {
    this.#renew(now)
    // A look-up in variable time: nonces are not secret, since any request gets one
    const step = this.#steps.get(nonce)
    if (step === undefined) return undefined
    return this.#step - step > STEPS / 2 ? 'old' : 'current'
  }

  #renew(now: number): void {
    const step = Math.floor(now / STEP_MS)
    if (step === this.#step) return
    // With the next step, which has begun at a replica whose clock is ahead
    const steps = Array.from({ length: STEPS + 1 }, (_, index) => step + 1 - index)
    this.#step = step
    this.#current = makeNonce(this.#keys[0] as Buffer, step)
    this.#steps = new Map(this.#keys.flatMap((key) => steps.map((step) => [makeNonce(key, step), step])))
  }
}

function makeNonce(key: Buffer, step: number): string {
  return createHmac('sha256', key).update(String(step)).digest('base64url')
}
