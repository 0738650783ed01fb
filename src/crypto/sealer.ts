import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts values with AES-256-GCM. Each purpose has keys of its own, derived from the secrets by HKDF (RFC 5869). The
 * first secret encrypts and all decrypt, so that secrets can be rotated.
 */
export class Sealer {
  readonly #keys: readonly Buffer[]

  constructor(secrets: readonly string[], purpose: string) {
    this.#keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', purpose, 32)))
  }

  /** @param place authenticated with the value: a copy in another place does not open */
  seal(value: unknown, place: string): string {
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv(ALGORITHM, this.#keys[0] as Buffer, iv).setAAD(Buffer.from(place))
    const encrypted = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()])
    return Buffer.concat([iv, cipher.getAuthTag(), encrypted]).toString('base64url')
  }

  /** Decrypts a value. Undefined when it was changed or copied from another place, or when its secret is not known. */
  open(sealed: string, place: string): unknown {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < IV_BYTES + TAG_BYTES) return undefined
    for (const key of this.#keys) {
      const text = decrypt(key, bytes, place)
      if (text !== undefined) return JSON.parse(text)
    }
    return undefined
  }
}

function decrypt(key: Buffer, bytes: Buffer, place: string): string | undefined {
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
  try {
    return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return undefined
  }
}
