import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Context } from 'oidc-provider'
import { type CertificateHeader, readCertificate } from '../../src/http/client-certificate.ts'
import { trustedPeer } from '../../src/http/trusted-peer.ts'
import { missingCertificate } from './errors.ts'

/**
 * Returns the certificate of the client.
 *
 * @throws {InvalidRequest} 400 if there is none, or not exactly one
 */
export type GetCertificate = (ctx: Pick<Context, 'headers' | 'socket'>) => X509Certificate

const isLocal = trustedPeer('loopback')

/**
 * Makes the function that finds the certificate of a client: in the header that a proxy on the loopback sets, otherwise on the
 * TLS connection.
 */
export function certificateReader(header: CertificateHeader): GetCertificate {
  return ({ headers, socket }) => {
    const text = isLocal(String(socket.remoteAddress)) ? headers[header] : undefined
    const certificate =
      text === undefined ? ofConnection(socket) : toCertificate(readCertificate(header, String(text))?.der)
    if (!certificate) throw missingCertificate()
    return certificate
  }
}

function ofConnection(socket: Socket): X509Certificate | undefined {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
}

function toCertificate(der: Buffer = Buffer.alloc(0)): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(der)
    // The parser also accepts PEM, and ignores bytes after the certificate
    return certificate.raw.equals(der) ? certificate : undefined
  } catch {
    return undefined
  }
}
