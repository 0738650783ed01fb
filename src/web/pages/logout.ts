import formbody from '@fastify/formbody'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { ServiceError } from '../../errors/catalogue.ts'
import { SESSION_COOKIE } from '../login/cookies.ts'
import { loginErrors } from '../login/errors.ts'

/** Ends the session here, then redirects to the logout of the issuer. */
const pages: FastifyPluginAsync = async (app) => {
  await app.register(formbody)
  const { issuer, sessions, cookies } = app.login
  const options = { config: { public: true }, schema: { hide: true }, exposeHeadRoute: false }
  const cookie = cookies.name(SESSION_COOKIE)

  const logout = async (request: FastifyRequest, reply: FastifyReply) => {
    const { session } = request
    if (session) await sessions.end(session)
    if (request.cookies[cookie] !== undefined) reply.clearCookie(cookie, cookies.options)
    const url = await issuer.logoutUrl(session?.contents.idToken)
    return reply.header('cache-control', 'no-store').redirect(url)
  }

  app.get('/logout', options, logout)
  app.post('/logout', options, async (request, reply) => {
    if (isCrossSite(request.headers, app.config.BASE_URL))
      throw new ServiceError(loginErrors.crossSiteRequest, { detail: 'a form of another site' })
    return logout(request, reply)
  })
}

export default pages

/**
 * Whether the headers say that another site sent the request. Without the headers the request is accepted: other
 * clients than browsers do not send them, and `SameSite=Lax` withholds the session cookie from forms of other sites.
 *
 * `Origin: null` is accepted too: with `Referrer-Policy: no-referrer` browsers send it for our own forms
 * (https://fetch.spec.whatwg.org/#append-a-request-origin-header).
 */
function isCrossSite(
  { 'sec-fetch-site': site, origin }: FastifyRequest['headers'],
  baseUrl: string,
): boolean {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && origin !== 'null' && origin !== new URL(baseUrl).origin
}
