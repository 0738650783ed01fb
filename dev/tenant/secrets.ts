import { hkdfSync, randomBytes } from 'node:crypto'
import type { JWK } from 'jose'
import { generateSigningKey } from './signing-key.ts'
import type { State } from './state.ts'

/** The secret that signs cookies; made at the first start. */
export function cookieSecret(state: State): string {
  const stored = state.get<string>('cookie-secret')
  if (stored) return stored
  const secret = randomBytes(32).toString('hex')
  state.set('cookie-secret', secret)
  return secret
}

/** The secret of the nonces of DPoP proofs. */
export function nonceSecret(state: State): Buffer {
  return Buffer.from(hkdfSync('sha256', cookieSecret(state), '', 'dpop nonce', 32))
}

/** The signing keys, the current one first; made at the first start. */
export async function signingKeysOf(state: State): Promise<JWK[]> {
  const stored = state.get<JWK[]>('signing-keys')
  if (stored) return stored
  const keys = [await generateSigningKey()]
  state.set('signing-keys', keys)
  return keys
}

/** Keys after a rotation as in Auth0: a new key signs, and the tokens of the previous one stay valid. */
export async function rotated(keys: JWK[]): Promise<JWK[]> {
  return [await generateSigningKey(), ...keys]
}

/** Keys after the previous ones were revoked: their tokens are not valid any more. */
export function withoutPrevious(keys: JWK[]): JWK[] {
  return keys.slice(0, 1)
}
