import type { Header } from './checks.ts'
import { unusable } from './errors.ts'
import type { KeySet } from './key-set.ts'
import type { SigningKey } from './signing-key.ts'

/**
 * Finds the key that signed the token. The header has passed the checks. Returns a promise only if a download is needed.
 *
 * @param now milliseconds since the epoch
 * @throws {TokenError} 401 if no key of the issuer signed it, 503 if the issuer is unavailable
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
