import { hash } from 'node:crypto'
import { isObject } from '../../../http/fetch-json.ts'
import { algorithmName } from '../algorithm-name.ts'
import { isExpectedType, type UnverifiedToken } from '../checks.ts'
import { isFit, type Jwk, thumbprint } from '../jwk.ts'
import type { ProofOutcome } from './errors.ts'
import { isTargetUri } from './target-uri.ts'

const MAX_JTI_BYTES = 256

/** Members of private and symmetric keys (RFC 7518, sections 6.2.2, 6.3.2 and 6.4). */
const SECRETS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** The request that a proof is for. */
export interface ProvenRequest {
  readonly method: string
  readonly path: string
  /** URLs at which clients see the root of the service, without a trailing slash. */
  readonly bases: readonly string[]
  readonly accessToken: string
  /** Thumbprint of the key that the access token is bound to. */
  readonly jkt: string
  readonly algorithms: readonly string[]
  /** Seconds since the epoch. */
  readonly nowSeconds: number
  readonly clockToleranceSeconds: number
}

interface ProofCheck {
  readonly outcome: ProofOutcome
  readonly fault: string
  readonly holds: (proof: UnverifiedToken, request: ProvenRequest) => boolean
}

/** The checks of a proof except its signature and age, cheap ones first (RFC 9449, section 4.3: 3 to 5, 7 to 9 and 12). */
export const proofChecks: readonly ProofCheck[] = [
  check('malformed', 'typ is not dpop+jwt', ({ header }) => isExpectedType(header.typ, ['dpop+jwt'])),
  check('malformed', 'crit names an extension', ({ header }) => header.crit === undefined),
  check('key', 'alg is not accepted', ({ header }, { algorithms }) =>
    algorithms.includes(algorithmOf({ header })),
  ),
  check('key', 'jwk is missing', ({ header }) => isObject(header.jwk)),
  check('key', 'jwk is a private key', (proof) => SECRETS.every((name) => !(name in keyOf(proof)))),
  check('key', 'jwk is not fit for alg', (proof) => isFit(keyOf(proof), algorithmOf(proof))),
  check('malformed', 'jti is missing or too long', ({ payload: { jti } }) => isIdentifier(jti)),
  check('malformed', 'iat is missing or not a number', ({ payload: { iat } }) => Number.isFinite(iat)),
  check('stale', 'exp has passed', ({ payload: { exp = Number.POSITIVE_INFINITY } }, request) => {
    return typeof exp === 'number' && request.nowSeconds < exp + request.clockToleranceSeconds
  }),
  check('stale', 'nbf is in the future', ({ payload: { nbf = 0 } }, request) => {
    return typeof nbf === 'number' && request.nowSeconds >= nbf - request.clockToleranceSeconds
  }),
  check('malformed', 'nonce is not text', ({ payload }) => isTextOrMissing(payload.nonce)),
  check('method', 'htm is another method', ({ payload }, { method }) => payload.htm === method),
  check('url', 'htu is another URL', ({ payload }, { bases, path }) => isTargetUri(payload.htu, bases, path)),
  check('token_hash', 'ath is not the hash of the access token', ({ payload }, { accessToken }) => {
    return payload.ath === hash('sha256', accessToken, 'base64url')
  }),
  check('binding', 'the access token is bound to another key', (proof, { jkt }) => {
    return thumbprint(keyOf(proof)) === jkt
  }),
]

function check(outcome: ProofOutcome, fault: string, holds: ProofCheck['holds']): ProofCheck {
  return { outcome, fault, holds }
}

/** The algorithm of a proof. Empty if it is not text. */
export function algorithmOf({ header: { alg } }: Pick<UnverifiedToken, 'header'>): string {
  return typeof alg === 'string' ? algorithmName(alg) : ''
}

/** The key in a proof, after the check that it is there. */
export function keyOf({ header }: UnverifiedToken): Jwk {
  const jwk = header.jwk as Jwk
  return typeof jwk.alg === 'string' ? { ...jwk, alg: algorithmName(jwk.alg) } : jwk
}

function isIdentifier(jti: unknown): boolean {
  return typeof jti === 'string' && jti !== '' && Buffer.byteLength(jti) <= MAX_JTI_BYTES
}

function isTextOrMissing(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}
