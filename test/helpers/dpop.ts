import { generateKeyPairSync, hash, type KeyObject, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose'
import { type Part, rawToken, signer } from './raw-token.ts'

/** Key of a client, for DPoP proofs. */
export interface ProofKey {
  readonly algorithm: string
  readonly privateKey: KeyObject
  readonly jwk: JWK
  /** Thumbprint, for `cnf` of a token. */
  readonly jkt: string
}

/** Request that a proof is for. */
export interface Target {
  readonly url: string
  readonly token: string
  readonly method?: string
}

export async function makeProofKey(algorithm = 'ES256'): Promise<ProofKey> {
  const { privateKey, publicKey } = generateKeys(algorithm)
  const jwk = await exportJWK(publicKey)
  return { algorithm, privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) }
}

function generateKeys(algorithm: string) {
  if (algorithm === 'EdDSA' || algorithm === 'Ed25519') return generateKeyPairSync('ed25519')
  if (algorithm.startsWith('ES')) return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

/** Returns the claims of an acceptable proof with the given changes (RFC 9449, section 4.2). */
export function proofClaims({ url, token, method = 'GET' }: Target, changes: object = {}) {
  const iat = Math.floor(Date.now() / 1000)
  const ath = hash('sha256', token, 'base64url')
  return { jti: randomUUID(), htm: method, htu: url, iat, ath, ...changes }
}

/** Returns the header of an acceptable proof with the given changes. */
export function proofHeader({ algorithm, jwk }: ProofKey, changes: object = {}) {
  return { typ: 'dpop+jwt', alg: algorithm, jwk, ...changes }
}

/** Signs an acceptable proof with the given changes. `undefined` removes a claim or header parameter. */
export function makeProof(key: ProofKey, target: Target, claims: object = {}, header: object = {}): string {
  return signProof(key, proofHeader(key, header), proofClaims(target, claims))
}

/** Signs any parts, including those that a library does not sign. */
export function signProof({ privateKey, algorithm }: ProofKey, header: Part, claims: Part): string {
  return rawToken(header, claims, signer(privateKey, algorithm.replace('Ed25519', 'EdDSA')))
}

/** Headers of a request with a token that is bound to a key. */
export function dpop(token: string, ...proofs: string[]): [name: string, value: string][] {
  return [['authorization', `DPoP ${token}`], ...proofs.map((proof): [string, string] => ['dpop', proof])]
}
