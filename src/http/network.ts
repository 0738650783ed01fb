import { normalizeIP } from '@fastify/rate-limit'

/** Returns the network of an address. IPv6 counts by /64: one subscriber can use every address of such a network. */
export function networkOf(address: string): string {
  return normalizeIP(address.replace(/^::ffff:/, '')) // IPv4 on a dual-stack socket, which normalizeIP handles slowly
}
