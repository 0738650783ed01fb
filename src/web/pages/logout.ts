import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { SESSION_COOKIE } from '../login/cookies.ts'
import { redirectOnce } from '../login/redirect-once.ts'

/** Ends the session here, then redirects to the logout of the issuer. */
const pages: FastifyPluginAsync = async (app) => {
  const { issuer, sessions, cookies } = app.login
  const options = { config: { public: true }, schema: { hide: true }, exposeHeadRoute: false }
  const cookie = cookies.name(SESSION_COOKIE)

  const logout = async (request: FastifyRequest, reply: FastifyReply) => {
    const { session } = request
    if (session) await sessions.end(session, 'logout')
    if (request.cookies[cookie] !== undefined) reply.clearCookie(cookie, cookies.options)
    const url = await issuer.logoutUrl(session?.contents.idToken)
    return redirectOnce(reply, url)
  }

  app.get('/logout', { ...options, config: { public: true, ignoresPrefetch: true } }, logout)
  app.post('/logout', options, logout)
}

export default pages
