import type { RequestListener } from 'node:http'
import { hostnameOf, isLoopback } from '../../src/http/secure-url.ts'

/**
 * Rejects requests for hosts that are neither on the loopback nor that of the issuer. A web page can make its own host name
 * resolve to the loopback (DNS rebinding); without this check, it could log in with the published passwords.
 */
export function forLocalHosts(issuer: string, listener: RequestListener): RequestListener {
  const ownHost = new URL(issuer).hostname
  return (request, response) => {
    const host = hostnameOf(request.headers.host)
    if (isLoopback(host) || host === ownHost) return listener(request, response)
    response.writeHead(421, { 'content-type': 'text/plain' }).end('The request is for another host\n')
  }
}
