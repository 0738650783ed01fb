import { fetchJson, isObject } from '../../http/fetch-json.ts'
import { algorithmName } from './algorithm-name.ts'
import { isFit, type Jwk, thumbprint } from './jwk.ts'
import { pickKey } from './pick-key.ts'
import { kidOf, type SigningKey, toSigningKey } from './signing-key.ts'

/** Maximum number of keys that are used of a set, because importing a key takes time. */
export const MAX_KEYS = 100

/**
 * Downloads a key set once (RFC 7517, section 5). get-jwks picks each usable key from that one response.
 *
 * @throws {Error} if the download fails; the message is for the log
 */
export async function fetchKeys(
  jwksUri: string,
  algorithms: readonly string[],
  signal: AbortSignal,
): Promise<readonly SigningKey[]> {
  return importKeys(await fetchJson(jwksUri, signal, { accept: ACCEPT }), algorithms)
}

/**
 * Imports the keys of a key set.
 *
 * @throws {Error} if the set is empty: issuers publish at least one key, so it is a mistake that must not drop the known ones
 */
export async function importKeys(
  { keys }: Readonly<Record<string, unknown>>,
  algorithms: readonly string[],
): Promise<readonly SigningKey[]> {
  if (!Array.isArray(keys)) throw new Error('the key set has no keys')
  const jwks: readonly Jwk[] = keys.filter(isObject).slice(0, MAX_KEYS).map(withAlgorithmName)
  if (jwks.length === 0) throw new Error('the key set is empty')
  const signingKeys: SigningKey[] = []
  for (const algorithm of algorithms) {
    const usable = unambiguous(jwks.filter((jwk) => isFit(jwk, algorithm)))
    for (const kid of usable.map(kidOf)) {
      const key = toSigningKey(await pickKey(usable, algorithm, kid), algorithm)
      if (key) signingKeys.push(key)
    }
  }
  return signingKeys
}

function withAlgorithmName(jwk: Jwk): Jwk {
  return typeof jwk.alg === 'string' ? { ...jwk, alg: algorithmName(jwk.alg) } : jwk
}

/** RFC 7517, section 8.5.2. API servers of Kubernetes answer 406 to `application/json` alone. */
const ACCEPT = 'application/jwk-set+json, application/json'

/** Returns one key per `kid`. A `kid` with different keys is ignored. */
function unambiguous(jwks: readonly Jwk[]): readonly Jwk[] {
  const byKid = Map.groupBy(jwks, kidOf)
  return [...byKid.values()].flatMap(([jwk, ...others]) => {
    const isOne = jwk && others.every((other) => thumbprint(other) === thumbprint(jwk))
    return isOne ? [jwk] : []
  })
}
