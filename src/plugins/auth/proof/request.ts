import type { IncomingHttpHeaders } from 'node:http'

/** The parts of a request that proofs are compared with, as in a request of Fastify. */
export interface HttpRequest {
  readonly method: string
  /** Scheme and host as the client sees them, if the proxies are trusted. */
  readonly protocol: string
  readonly host: string
  readonly headers: IncomingHttpHeaders
  readonly raw: { readonly url?: string | undefined }
  readonly socket: { readonly remoteAddress?: string | undefined }
}
