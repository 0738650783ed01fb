import formbody from '@fastify/formbody'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { ServiceError } from '../../errors/catalogue.ts'
import { SESSION_COOKIE } from '../login/cookies.ts'
import { isCrossSite } from '../login/cross-site.ts'
import { loginErrors } from '../login/errors.ts'

/** Ends the session here, and then at the issuer. */
const pages: FastifyPluginAsync = async (app) => {
  await app.register(formbody)
  const { issuer, sessions, cookies } = app.login
  const options = { config: { public: true }, schema: { hide: true }, exposeHeadRoute: false }

  const cookie = cookies.name(SESSION_COOKIE)

  const logOut = async (request: FastifyRequest, reply: FastifyReply) => {
    const { session } = request
    if (session) await sessions.end(session)
    if (request.cookies[cookie] !== undefined) reply.clearCookie(cookie, cookies.options)
    const url = await issuer.logoutUrl(session?.contents.idToken)
    return reply.header('cache-control', 'no-store').redirect(url)
  }

  app.get('/logout', options, logOut)
  app.post('/logout', options, async (request, reply) => {
    if (isCrossSite(request.headers, app.config.BASE_URL))
      throw new ServiceError(loginErrors.crossSiteRequest, { detail: 'a form of another site' })
    return logOut(request, reply)
  })
}

export default pages
