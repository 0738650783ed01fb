import { algorithmName } from './algorithm-name.ts'
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
  const kid = header.kid as string | undefined
  const algorithm = algorithmName(header.alg as string)
  const key = keySet.find(algorithm, kid, now)
  if (!key) return keySet.fetch(algorithm, kid, now).then((fetched) => checkSignature(token, fetched))
  if (key.verify(token)) return key
  const replacement = keySet.replacement(key, now)
  if (!replacement) throw wrongSignature()
  return replacement.then((other) => checkSignature(token, other))
}

function checkSignature(token: string, key: SigningKey | undefined): SigningKey {
  if (key?.verify(token)) return key
  throw wrongSignature()
}

function wrongSignature() {
  return unusable('signature', 'the signature is not by the key it names')
}
