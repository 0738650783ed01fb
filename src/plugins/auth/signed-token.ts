import { type ErrorName, ServiceError } from '../../errors/catalogue.ts'
import type { Header, Policy } from './checks.ts'
import { checkEncoding } from './encoding.ts'
import type { KeySet } from './key-set.ts'
import type { SigningKey } from './signing-key.ts'
import type { Claims } from './verified-token.ts'

/** Splits a compact JWS into its parts, verifying nothing; throws when it is none. */
export type Decode = (token: string) => { header: Header; payload: Claims }

/** Of the issuer at which people sign in: what it says to the client that they sign in with. */
export interface SignInTrust {
  /** The one issuer, and as audience the client. */
  readonly policy: Policy
  readonly keySet: KeySet
  readonly decode: Decode
}

/** @throws {ServiceError} 401 when it is no token */
export function decodeToken(token: string, decode: Decode): ReturnType<Decode> {
  checkEncoding(token)
  try {
    return decode(token)
  } catch (cause) {
    throw new ServiceError('unusable_token', {
      reason: 'malformed',
      detail: 'not base64url of JSON objects',
      cause,
    })
  }
}

/**
 * The key that has signed the token, whose header has passed the checks.
 *
 * @param now milliseconds since the epoch
 * @throws {ServiceError} 401 when no key of the issuer has, 503 when that cannot be told
 */
export async function findSigner(
  token: string,
  header: Header,
  keySet: KeySet,
  now: number,
): Promise<SigningKey> {
  const { alg, kid } = header as { alg: string; kid?: string }
  const key = keySet.find(alg, kid, now) ?? (await keySet.fetch(alg, kid, now))
  if (await key.verify(token)) return key
  throw new ServiceError('unusable_token', {
    reason: 'signature',
    detail: 'the signature is not by the key it names',
  })
}

/**
 * The error in words for whoever brings a token that is not a caller's own. That keys cannot be had is no fault of the
 * token, and stays 503.
 */
export function toRefusal(error: unknown, name: ErrorName): unknown {
  const isRefusal = error instanceof ServiceError && error.statusCode === 401
  return isRefusal ? new ServiceError(name, { detail: String(error.detail) }) : error
}
