import { timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type CertificateHeader, readCertificate } from '../../../http/client-certificate.ts'
import { trustedPeer } from '../../../http/trusted-peer.ts'
import { TokenError, tokenErrors } from '../errors.ts'
import type { HttpRequest } from './request.ts'

/** Maximum length of all remembered headers. */
const MAX_CACHE_LENGTH = 8_388_608

export interface ClientCertificateOptions {
  /** Header in which the proxy that terminates TLS passes the certificate of the client. */
  readonly header: CertificateHeader
  /** Proxies that remove this header from the requests of their clients: a number of hops, or addresses separated by commas. */
  readonly trustedProxies: number | string
}

/**
 * Verifies that a request comes from the holder of a certificate (RFC 8705, section 3). The proxy has verified the holder's key and,
 * if it should, the chain of the certificate (RFC 9440, section 4).
 */
export class ClientCertificate {
  readonly #header: CertificateHeader
  readonly #isTrusted: (address: string) => boolean
  readonly #thumbprints = new LRUCache<string, string>({
    maxSize: MAX_CACHE_LENGTH,
    sizeCalculation: (_thumbprint, header) => header.length,
  })

  constructor({ header, trustedProxies }: ClientCertificateOptions) {
    this.#header = header
    this.#isTrusted = trustedPeer(trustedProxies)
  }

  /**
   * @param x5tS256 SHA-256 of the certificate that the token is bound to
   * @throws {TokenError} 401
   */
  verify({ headers, socket }: HttpRequest, x5tS256: string): void {
    if (!this.#isTrusted(String(socket.remoteAddress))) throw unproven('the peer is not a trusted proxy')
    const text = headers[this.#header]
    if (typeof text !== 'string') throw unproven('the proxy has passed no certificate')
    const thumbprint = this.#thumbprints.get(text) ?? this.#read(text)
    if (thumbprint === undefined) throw unproven('the header does not contain exactly one certificate')
    if (!timingSafeEqual(Buffer.from(thumbprint), Buffer.from(x5tS256)))
      throw unproven('the token is bound to another certificate')
  }

  #read(text: string): string | undefined {
    const { x5tS256 } = readCertificate(this.#header, text) ?? {}
    if (x5tS256 !== undefined) this.#thumbprints.set(text, x5tS256)
    return x5tS256
  }
}

function unproven(detail: string): TokenError {
  return new TokenError(tokenErrors.boundToCertificate, 'bound', { detail })
}
