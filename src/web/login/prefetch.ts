import type { FastifyRequest, onRequestHookHandler } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether a request for a page that the user may never open gets 204 and has no effect. */
    ignoresPrefetch?: true
  }
}

/** `onRequest` hook before the one that finds the session. */
export const ignorePrefetch: onRequestHookHandler = (request, reply, done) => {
  if (request.routeOptions.config.ignoresPrefetch && isPrefetch(request.headers))
    reply.code(204).header('cache-control', 'no-store').send()
  else done()
}

/** Headers of a prefetch (https://wicg.github.io/nav-speculation/prefetch.html), and their predecessors. */
const HEADERS = ['sec-purpose', 'purpose', 'x-moz']

function isPrefetch(headers: FastifyRequest['headers']): boolean {
  return HEADERS.some((name) => /^prefetch\b/i.test(String(headers[name])))
}
