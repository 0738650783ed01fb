import { constants, type KeyObject, sign } from 'node:crypto'

/** A part of a token before its encoding: JSON to be, or text or bytes as they are. */
export type Part = object | string | Buffer

export type Signer = (input: string) => Buffer

/** A compact JWS (RFC 7515, section 7.1) of any header and payload at all: libraries refuse to make most of these. */
export function rawToken(header: Part, payload: Part, signInput: Signer): string {
  return seal(encode(header), encode(payload), signInput)
}

/** The same of segments that are encoded already, however badly. */
export function seal(header: string, payload: string, signInput: Signer): string {
  const input = `${header}.${payload}`
  return `${input}.${signInput(input).toString('base64url')}`
}

export function encode(part: Part): string {
  const text = typeof part === 'string' || Buffer.isBuffer(part) ? part : JSON.stringify(part)
  return Buffer.from(text as string).toString('base64url')
}

/** Signs as RFC 7518, section 3.1 and RFC 8037 say. */
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
