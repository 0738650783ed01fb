import { constants, type KeyObject, sign } from 'node:crypto'

/** A part of a token before its encoding: an object to serialize, or raw text or bytes. */
export type Part = object | string | Buffer

export type Signer = (input: string) => Buffer

/** Makes a compact JWS (RFC 7515, section 7.1) of any header and payload, including invalid ones. */
export function rawToken(header: Part, payload: Part, signInput: Signer): string {
  return seal(encode(header), encode(payload), signInput)
}

/** Makes a compact JWS of encoded segments, including invalid ones. */
export function seal(header: string, payload: string, signInput: Signer): string {
  const input = `${header}.${payload}`
  return `${input}.${signInput(input).toString('base64url')}`
}

export function encode(part: Part): string {
  const text = typeof part === 'string' || Buffer.isBuffer(part) ? part : JSON.stringify(part)
  return Buffer.from(text as string).toString('base64url')
}

/** Signs according to RFC 7518, section 3.1 and RFC 8037. */
export function signer(key: KeyObject, algorithm: string): Signer {
  const hash = `sha${algorithm.slice(2)}`
  return (input) => {
    const data = Buffer.from(input)
    if (algorithm === 'EdDSA') return sign(null, data, key)
    if (algorithm.startsWith('ES')) return sign(hash, data, { key, dsaEncoding: 'ieee-p1363' })
    if (algorithm.startsWith('PS')) return pssSigner(key, hash, constants.RSA_PSS_SALTLEN_DIGEST)(input)
    return sign(hash, data, key)
  }
}

export function pssSigner(key: KeyObject, hash: string, saltLength: number): Signer {
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return (input) => sign(hash, Buffer.from(input), { key, padding, saltLength })
}
