import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { ServiceError } from '../errors/catalogue.ts'
import { loginErrors } from './login/errors.ts'

/** Makes the `onRequest` hook of the pages that rejects forms of other sites. */
export function rejectCrossSite(baseUrl: string): onRequestHookHandler {
  const { origin } = new URL(baseUrl)
  return ({ method, headers }, _reply, done) => {
    const isForged = method !== 'GET' && method !== 'HEAD' && isCrossSite(headers, origin)
    done(
      isForged
        ? new ServiceError(loginErrors.crossSiteRequest, { detail: 'a form of another site' })
        : undefined,
    )
  }
}

/**
 * Whether the headers say that another site sent the request. Without the headers the request is accepted: other
 * clients than browsers do not send them, and `SameSite=Lax` withholds the session cookie from forms of other sites.
 *
 * `Origin: null` is accepted too: with `Referrer-Policy: no-referrer` browsers send it for our own forms
 * (https://fetch.spec.whatwg.org/#append-a-request-origin-header).
 */
function isCrossSite({ 'sec-fetch-site': site, origin }: FastifyRequest['headers'], own: string): boolean {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && origin !== 'null' && origin !== own
}
