import type { FastifyReply } from 'fastify'

/** Adds a request header to `Vary`, where CORS may have put `Origin` (RFC 9110, section 12.5.5). */
export function varyBy(reply: FastifyReply, header: string): void {
  reply.header('vary', [reply.getHeader('vary') ?? [], header].flat().join(', '))
}
