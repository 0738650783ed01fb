import { checkHeader } from './checks.ts'
import { decodeToken, findSigner, type SignInTrust, toRefusal } from './signed-token.ts'

/**
 * That an ID token is signed by the issuer (OpenID Connect Core 1.0, 3.1.3.7, 6 to 8), by the keys that access tokens
 * are verified with: a new one is learnt at once, and one that was withdrawn is trusted no longer. The claims are not
 * looked at.
 *
 * @param now milliseconds since the epoch
 * @throws {ServiceError} 400 when it is not, 503 when that cannot be told
 */
export async function verifyIdTokenSignature(
  token: string,
  { policy, keySet, decode }: SignInTrust,
  now: number,
): Promise<void> {
  try {
    const { header } = decodeToken(token, decode)
    checkHeader(header, policy, isJwtType)
    await findSigner(token, header, keySet, now)
  } catch (error) {
    throw toRefusal(error, 'login_failed')
  }
}

/** RFC 7519, section 5.1. */
function isJwtType(typ: string): boolean {
  return /^(application\/)?jwt$/i.test(typ)
}
