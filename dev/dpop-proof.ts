import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { exportJWK, type JWK, SignJWT } from 'jose'

/** Request that a proof is for. */
export interface ProofTarget {
  method: string
  url: string
  /** Missing in requests to a token endpoint. */
  token?: string | undefined
  nonce?: string | undefined
}

/** Reads a private ES256 key (JWK) from the file, which is made if it does not exist. */
export async function proofKey(file: string): Promise<JWK> {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = await exportJWK(privateKey)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(jwk)}\n`, { mode: 0o600 })
  return jwk
}

/** Makes a DPoP proof (RFC 9449, section 4.2). */
export async function makeProof(
  privateJwk: JWK,
  { method, url, token, nonce }: ProofTarget,
): Promise<string> {
  const privateKey = createPrivateKey({ key: privateJwk, format: 'jwk' })
  const ath = token === undefined ? undefined : hash('sha256', token, 'base64url')
  const { origin, pathname } = new URL(url)
  return new SignJWT({ jti: randomUUID(), htm: method, htu: origin + pathname, ath, nonce })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(createPublicKey(privateKey)) })
    .setIssuedAt()
    .sign(privateKey)
}
