import { hash } from 'node:crypto'

const MAX_LENGTH = 8192

/** A client certificate, as a proxy passes it on. Envoy may send the hash alone. */
export interface ForwardedCertificate {
  /** SHA-256 of DER in base64url. */
  readonly x5tS256: string
  /** DER. */
  readonly der?: Buffer
}

/** Headers of proxies: that of RFC 9440, of Envoy, and of nginx (`$ssl_client_escaped_cert`). */
const readers = {
  'client-cert': readByteSequence,
  'x-forwarded-client-cert': readXfcc,
  'ssl-client-cert': readEscapedPem,
}

export type CertificateHeader = keyof typeof readers

export const certificateHeaders = Object.keys(readers) as CertificateHeader[]

/**
 * Reads the client certificate in a header. The proxy that terminates TLS has verified that the client holds its key (RFC 9440,
 * section 4). Neither the certificate nor its chain is validated here.
 *
 * @param text value of the header; its lines are joined by commas
 * @returns undefined unless the header contains exactly one certificate and at most 8 KiB
 */
export function readCertificate(header: CertificateHeader, text: string): ForwardedCertificate | undefined {
  return text.length > MAX_LENGTH ? undefined : readers[header](text)
}

/** RFC 9440, section 2: one Byte Sequence (RFC 9651, section 3.3.5) of DER. */
function readByteSequence(text: string): ForwardedCertificate | undefined {
  return readBase64(/^:(.+):$/.exec(text)?.[1])
}

/** One element of Envoy's `x-forwarded-client-cert`, with `Hash` in hexadecimal or with `Cert`. */
function readXfcc(text: string): ForwardedCertificate | undefined {
  const pairs = splitOutsideQuotes(text)
  if (pairs === undefined) return undefined
  const valuesOf = (wanted: string) => pairs.filter(([name]) => name === wanted).map(([, value]) => value)
  const [hashes, certificates] = [valuesOf('hash'), valuesOf('cert')]
  if (hashes.length > 1 || certificates.length > 1) return undefined
  const [hexadecimal] = hashes
  const certificate = certificates[0] === undefined ? undefined : readEscapedPem(certificates[0])
  if (hexadecimal === undefined) return certificate
  if (!/^[\da-f]{64}$/i.test(hexadecimal)) return undefined
  const x5tS256 = Buffer.from(hexadecimal, 'hex').toString('base64url')
  return certificate?.x5tS256 === x5tS256 ? certificate : { x5tS256 }
}

/** A pair of Envoy: a name, and a value with or without quotes. */
const PAIR = /^([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^";,]*))(;|$)/

/** Splits one element into its pairs, with names in lower case. Undefined for several elements. */
function splitOutsideQuotes(text: string): [name: string, value: string][] | undefined {
  const pairs: [string, string][] = []
  let rest = text
  while (rest !== '') {
    const [whole, name, quoted, plain = ''] = PAIR.exec(rest) ?? []
    if (whole === undefined || name === undefined) return undefined
    pairs.push([name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain])
    rest = rest.slice(whole.length)
  }
  return pairs
}

/** One certificate in PEM (RFC 7468), percent-encoded. */
function readEscapedPem(text: string): ForwardedCertificate | undefined {
  const body = /^-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----\s*$/.exec(decode(text))?.[1]
  return readBase64(body?.replace(/\s/g, ''))
}

/** `+` is a letter of base64 here, not a space. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

/** `Buffer` ignores everything after the padding, such as a second certificate. */
function readBase64(text = ''): ForwardedCertificate | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined
  const der = Buffer.from(text, 'base64')
  return { der, x5tS256: hash('sha256', der, 'base64url') }
}
