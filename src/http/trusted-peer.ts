import { compile } from '@fastify/proxy-addr'

/**
 * Makes the function that tells whether an address is a trusted proxy, as Fastify decides it for the other side of a connection.
 *
 * @param proxies a number of hops, or addresses separated by commas
 */
export function trustedPeer(proxies: number | string): (address: string) => boolean {
  if (typeof proxies !== 'string') return () => proxies > 0
  const isTrusted = compile(proxies.split(',').map((proxy) => proxy.trim()))
  return (address) => isTrusted(address, 0)
}
