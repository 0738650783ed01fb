import { isUtf8 } from 'node:buffer'
import { ServiceError } from '../../errors/catalogue.ts'

/**
 * What decoders forgive and RFC 7515, section 5.2 does not. The alphabet and the JSON they look at themselves.
 *
 * @throws {ServiceError} 401 unless the token is three segments of base64url, the first two of UTF-8
 */
export function checkEncoding(token: string): void {
  const segments = token.split('.')
  if (segments.length !== 3) throw unusable('not three segments')
  if (!segments.every(isWhole)) throw unusable('not base64url')
  // RFC 8725, section 3.7: put in place of what is no UTF-8, U+FFFD would make two subjects one
  if (!segments.slice(0, 2).every((segment) => isUtf8(Buffer.from(segment, 'base64url'))))
    throw unusable('not UTF-8')
}

function unusable(detail: string) {
  return new ServiceError('unusable_token', { reason: 'malformed', detail })
}

/**
 * RFC 4648, section 3.5: what an encoder writes, and not another text of the same bytes. Otherwise some tokens could be
 * changed in their last letter and would still be accepted.
 */
function isWhole(segment: string): boolean {
  const possibleLast = lastLetters[segment.length % 4]
  return possibleLast === undefined || possibleLast.includes(segment.slice(-1))
}

/** By the letters left after the last group of four; the unused bits of the last one are zero, and one is no byte. */
const lastLetters: Record<number, readonly string[]> = {
  1: [],
  2: [...'AQgw'],
  3: [...'AEIMQUYcgkosw048'],
}
