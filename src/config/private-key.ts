import { type AsymmetricKeyDetails, createPrivateKey, type webcrypto } from 'node:crypto'
import { parser } from './parse.ts'

const MIN_RSA_BITS = 2048

/** Web Crypto parameters by type or curve of a key: RS256, ES256 and Ed25519. */
const parameters = {
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  prime256v1: { name: 'ECDSA', namedCurve: 'P-256' },
  ed25519: { name: 'Ed25519' },
}

/** Private key with which a client authenticates (`private_key_jwt`, OpenID Connect Core 1.0, section 9). */
export const clientKey = parser(
  'a private key in PEM: RSA of at least 2048 bits, P-256 or Ed25519, without a passphrase',
  (text): webcrypto.CryptoKey | undefined => {
    try {
      const key = createPrivateKey(text)
      const { namedCurve = key.asymmetricKeyType, modulusLength = MIN_RSA_BITS } =
        key.asymmetricKeyDetails as AsymmetricKeyDetails
      const algorithm = parameters[namedCurve as keyof typeof parameters]
      return modulusLength < MIN_RSA_BITS ? undefined : key.toCryptoKey(algorithm, false, ['sign'])
    } catch {
      return undefined // not a key, or one of another type; the errors of Node.js say nothing more
    }
  },
)
