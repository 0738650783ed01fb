import type { onRequestHookHandler } from 'fastify'
import { hostnameOf, isLoopback } from '../../http/secure-url.ts'
import { redirectOnce } from './redirect-once.ts'

/** Query parameter of a redirected request, which is not redirected again: a proxy may replace the `Host` header. */
const MARK = 'redirected'

/**
 * Makes the `onRequest` hook of the pages that start a login: browsers do not send the cookies of one host to the callback on
 * another. Ports are not compared, since cookies ignore them and proxies omit them from `Host`.
 */
export function redirectToBaseUrl(baseUrl: string): onRequestHookHandler {
  const { hostname } = new URL(baseUrl)
  return (request, reply, done) => {
    const host = hostnameOf(request.host)
    // The default `BASE_URL` is localhost, which is another machine for a browser elsewhere
    const isReachable = !isLoopback(hostname) || isLoopback(host)
    const isMarked = MARK in (request.query as object)
    if (host === '' || host === hostname || !isReachable || isMarked) return done()
    const url = new URL(request.routeOptions.url as string, baseUrl)
    url.search = new URL(request.url, baseUrl).search
    url.searchParams.set(MARK, '1')
    redirectOnce(reply, url.href)
  }
}
