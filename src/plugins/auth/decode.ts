import { isUtf8 } from 'node:buffer'
import type { UnverifiedToken } from './checks.ts'
import { unusable } from './errors.ts'

/** Splits a compact JWS into its parts without verifying it. Throws if it is not a JWS. */
export type Decode = (token: string) => UnverifiedToken

/**
 * Decodes a token as strictly as RFC 7515, section 5.2 requires. Common decoders are not that strict.
 *
 * @throws {TokenError} 401 unless it is three segments of base64url, the first two of which are JSON objects in UTF-8
 */
export function decodeToken(token: string, decode: Decode): UnverifiedToken {
  checkEncoding(token)
  try {
    return decode(token)
  } catch (cause) {
    throw unusable('malformed', 'not base64url of JSON objects', cause)
  }
}

function checkEncoding(token: string): void {
  const segments = token.split('.')
  if (segments.length !== 3) throw unusable('malformed', 'not three segments')
  if (!segments.every(isCanonical)) throw unusable('malformed', 'not base64url')
  // RFC 8725, section 3.7: decoders replace invalid UTF-8 with U+FFFD, which would make different subjects equal
  if (!segments.slice(0, 2).every((segment) => isUtf8(Buffer.from(segment, 'base64url'))))
    throw unusable('malformed', 'not UTF-8')
}

/**
 * Accepts only the output of an encoder (RFC 4648, section 3.5). Otherwise some tokens would still be accepted after a
 * change of their last character.
 */
function isCanonical(segment: string): boolean {
  const possibleLast = lastCharacters[segment.length % 4]
  return possibleLast === undefined || possibleLast.includes(segment.slice(-1))
}

/** Last characters with zero unused bits, by the length modulo 4. One character alone is not a byte. */
const lastCharacters: Record<number, readonly string[]> = {
  1: [],
  2: [...'AQgw'],
  3: [...'AEIMQUYcgkosw048'],
}
