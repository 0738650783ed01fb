import { TokenError, tokenErrors } from '../errors.ts'

/** Outcomes of proofs. A closed set, because metrics use them as a label (docs/metrics.md). */
export const proofOutcomes = [
  'accepted',
  'missing',
  'malformed',
  'key',
  'signature',
  'method',
  'url',
  'token_hash',
  'binding',
  'stale',
  'nonce',
  'replayed',
] as const

export type ProofOutcome = (typeof proofOutcomes)[number]

/** Error of a DPoP proof that is not accepted. */
export class ProofError extends TokenError {
  readonly outcome: ProofOutcome

  constructor(outcome: ProofOutcome, detail: string, nonce?: string) {
    super(nonce === undefined ? tokenErrors.invalidProof : tokenErrors.useNonce, 'proof', { detail })
    this.outcome = outcome
    if (nonce !== undefined) this.headers = { ...this.headers, 'dpop-nonce': nonce }
  }
}
