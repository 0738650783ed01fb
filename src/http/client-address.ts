import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

/** Address with an optional port, which may be obfuscated (RFC 7239, section 6). */
const node = /^(?:\[([^\]]+)\]|([\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/

/**
 * Returns the client's address without the port that some proxies append. If the forwarded value is not an address,
 * returns the address of the connection, or `unknown` once that is closed.
 */
export function clientAddress({ ip, socket }: FastifyRequest): string {
  if (isIP(ip)) return ip
  const [, ipv6 = '', ipv4 = ipv6] = node.exec(ip) ?? []
  return isIP(ipv4) ? ipv4 : (socket.remoteAddress ?? 'unknown')
}
