import type { Header } from './checks.ts'
import { unusable } from './errors.ts'
import type { KeySet } from './key-set.ts'
import type { SigningKey } from './signing-key.ts'

/**
 * Finds the key that signed the token, whose header has passed the checks. Answers at once when the key is at hand.
 *
 * @param now milliseconds since the epoch
 * @throws {TokenError} 401 when no key of the issuer signed it, 503 when the issuer cannot be asked
 */
export function findSigner(
  token: string,
  header: Header,
  keySet: KeySet,
  now: number,
): SigningKey | Promise<SigningKey> {
  const { alg, kid } = header as { alg: string; kid?: string }
  const key = keySet.find(alg, kid, now)
  return key
    ? checkSignature(token, key)
    : keySet.fetch(alg, kid, now).then((key) => checkSignature(token, key))
}

function checkSignature(token: string, key: SigningKey): SigningKey {
  if (key.verify(token)) return key
  throw unusable('signature', 'the signature is not by the key it names')
}
