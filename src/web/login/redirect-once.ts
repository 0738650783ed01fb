import type { FastifyReply } from 'fastify'

/**
 * Redirects without caching: the target is for one browser, once.
 *
 * @param status 303 after a form was accepted, so that the browser gets the page (RFC 9110, section 15.4.4)
 */
export function redirectOnce(reply: FastifyReply, url: string, status: 302 | 303 = 302): FastifyReply {
  return reply.header('cache-control', 'no-store').redirect(url, status)
}
