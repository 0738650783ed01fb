import { algorithmName } from '../algorithm-name.ts'
import type { UnverifiedToken } from '../checks.ts'
import { type Decode, decodeToken } from '../decode.ts'
import { algorithmOf, keyOf, proofChecks } from './checks.ts'
import { ProofError, type ProofOutcome, proofOutcomes } from './errors.ts'
import { NONCE_LIFETIME_MS, Nonces } from './nonces.ts'
import { ProofKeys } from './proof-keys.ts'
import { ReplayGuard } from './replay-guard.ts'
import type { HttpRequest } from './request.ts'

const MAX_PROOF_LENGTH = 4096

/** Time for which a proof is remembered after it has expired: another replica may have a clock that is behind. */
const CLOCK_DIFFERENCE_MS = 15_000

/** Begins a request target in absolute form (RFC 9112, section 3.2.2), as clients send it to a proxy. */
const ORIGIN = /^https?:\/\/[^/?#]*/i

export interface DpopOptions {
  /** `required` rejects tokens that are not bound to a key. Default: `allowed`. */
  readonly mode?: 'allowed' | 'required'
  /** Accepted signature algorithms of proofs. Default: ES256, EdDSA and RS256. */
  readonly algorithms?: readonly string[]
  /** Maximum age of a proof by `iat`, in addition to the clock tolerance. Default: 60. */
  readonly maxAgeSeconds?: number
  /** Whether a proof needs a nonce: if its `iat` is too old or in the future, always or never. Default: `on-skew`. */
  readonly nonce?: 'never' | 'on-skew' | 'always'
  /** Secrets of the nonces, newest first; the same in all replicas. Default: a random one. */
  readonly nonceSecrets?: readonly string[] | undefined
  /** URLs at which clients see the root of the service. Default: the origin of the request. */
  readonly publicUrls?: readonly string[]
}

/** Times of a request in milliseconds: since the epoch, and of a monotonic clock. */
export interface Times {
  readonly now: number
  readonly steadyNow: number
}

export interface DpopContext {
  readonly decode: Decode
  readonly clockToleranceSeconds: number
}

/** Verifies the DPoP proofs of requests (RFC 9449, section 4.3). Each is accepted once. */
export class DpopVerifier {
  readonly isRequired: boolean
  /** Accepted algorithms, as they are configured. */
  readonly algorithms: readonly string[]
  readonly replays = new ReplayGuard()
  /** Number of proofs by outcome. */
  readonly outcomes: Record<ProofOutcome, number>
  readonly #context: DpopContext
  readonly #acceptedAlgorithms: readonly string[]
  readonly #maxAgeSeconds: number
  readonly #nonce: DpopOptions['nonce']
  readonly #nonces: Nonces
  readonly #keys = new ProofKeys()
  readonly #publicUrls: readonly string[] | undefined

  constructor(options: DpopOptions, context: DpopContext) {
    this.isRequired = options.mode === 'required'
    this.algorithms = options.algorithms ?? ['ES256', 'EdDSA', 'RS256']
    this.outcomes = Object.fromEntries(proofOutcomes.map((outcome) => [outcome, 0])) as typeof this.outcomes
    this.#context = context
    this.#acceptedAlgorithms = this.algorithms.map(algorithmName)
    this.#maxAgeSeconds = options.maxAgeSeconds ?? 60
    this.#nonce = options.nonce ?? 'on-skew'
    this.#nonces = new Nonces(options.nonceSecrets)
    this.#publicUrls = options.publicUrls?.length ? options.publicUrls : undefined
  }

  /**
   * Verifies the proof of a request.
   *
   * @param accessToken text of a verified token
   * @param jkt thumbprint of the key that it is bound to
   * @returns a nonce for the next proof if that of this one will soon expire
   * @throws {ProofError} 401
   * @throws {ServiceError} 503 if the proof cannot be remembered
   */
  verify(
    request: HttpRequest,
    accessToken: string,
    jkt: string,
    times: Times,
  ): string | undefined | Promise<string | undefined> {
    const { proof, lifetimeMs, nextNonce } = this.#counting(() => {
      const proof = this.#check(request, accessToken, jkt, times.now)
      return { proof, ...this.#checkAge(proof, times.now) }
    })
    const settle = (isNew: boolean) => {
      this.outcomes[isNew ? 'accepted' : 'replayed']++
      if (!isNew) throw new ProofError('replayed', 'replayed')
      return nextNonce
    }
    // Last, so that a proof that is not accepted does not use up its `jti`
    const isNew = this.replays.isNew(jkt, proof.payload.jti as string, lifetimeMs, times.steadyNow)
    return isNew instanceof Promise ? isNew.then(settle) : settle(isNew)
  }

  #counting<T>(check: () => T): T {
    try {
      return check()
    } catch (error) {
      if (error instanceof ProofError) this.outcomes[error.outcome]++
      throw error
    }
  }

  #check(request: HttpRequest, accessToken: string, jkt: string, now: number): UnverifiedToken {
    const text = proofOf(request)
    const proof = decodeProof(text, this.#context.decode)
    const proven = { ...this.#targetOf(request), accessToken, jkt, ...this.#limitsAt(now) }
    const broken = proofChecks.find(({ holds }) => !holds(proof, proven))
    if (broken) throw new ProofError(broken.outcome, broken.fault)
    const key = this.#keys.import(keyOf(proof), algorithmOf(proof), jkt)
    if (!key) throw new ProofError('key', 'jwk is not a valid key, or too weak')
    if (!key.verify(text)) throw new ProofError('signature', 'the signature is not by the key in jwk')
    return proof
  }

  #targetOf({ method, protocol, host, raw }: HttpRequest) {
    const [path] = (raw.url as string).replace(ORIGIN, '').split(/[?#]/, 1) as [string]
    return { method, path, bases: this.#publicUrls ?? [`${protocol}://${host}`] }
  }

  #limitsAt(now: number) {
    const { clockToleranceSeconds } = this.#context
    return { algorithms: this.#acceptedAlgorithms, nowSeconds: now / 1000, clockToleranceSeconds }
  }

  /** RFC 9449, section 4.3, checks 10 and 11. A nonce replaces `iat`, since the clock of the client may be wrong. */
  #checkAge({ payload }: UnverifiedToken, now: number): { lifetimeMs: number; nextNonce?: string } {
    const { iat, nonce } = payload as { iat: number; nonce?: string }
    if (this.#nonce !== 'never' && nonce !== undefined) {
      const age = this.#nonces.ageOf(nonce, now)
      if (age === undefined) throw new ProofError('nonce', 'the nonce has expired', this.#nonces.current(now))
      const next = age === 'old' ? { nextNonce: this.#nonces.current(now) } : {}
      return { lifetimeMs: NONCE_LIFETIME_MS + CLOCK_DIFFERENCE_MS, ...next }
    }
    if (this.#nonce === 'always')
      throw new ProofError('nonce', 'the nonce is missing', this.#nonces.current(now))
    const tolerance = this.#context.clockToleranceSeconds
    const age = now / 1000 - iat
    const isFresh = age >= -tolerance && age <= this.#maxAgeSeconds + tolerance
    if (isFresh) return { lifetimeMs: (this.#maxAgeSeconds + 2 * tolerance) * 1000 + CLOCK_DIFFERENCE_MS }
    const newNonce = this.#nonce === 'never' ? undefined : this.#nonces.current(now)
    throw new ProofError('stale', `iat was ${iat}`, newNonce)
  }
}

/** Node.js joins header lines of the same name by commas, which no JWS contains. */
function proofOf({ headers: { dpop } }: HttpRequest): string {
  if (dpop === undefined) throw new ProofError('missing', 'the header DPoP is missing')
  const text = String(dpop)
  if (text.length > MAX_PROOF_LENGTH) throw new ProofError('malformed', 'the proof is longer than 4 KiB')
  return text
}

function decodeProof(text: string, decode: Decode): UnverifiedToken {
  try {
    return decodeToken(text, decode)
  } catch {
    throw new ProofError('malformed', 'not one JWS in compact serialization')
  }
}
