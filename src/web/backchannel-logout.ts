import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ServiceError } from '../errors/catalogue.ts'
import { endSessions } from '../plugins/store/tables/logout.ts'
import { loginErrors } from './login/errors.ts'
import { verifyLogoutToken } from './login/logout-token.ts'

/**
 * Receives the issuer's notice that a session ended there (OpenID Connect Back-Channel Logout 1.0, 2.5). Not in the
 * scope of the pages, since no browser calls it.
 */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.removeContentTypeParser('application/json') // the token arrives in a form only
  await app.register(formbody)
  // Section 2.8; set by the first hook, so that error responses have it too
  app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'))

  app.post(
    '/backchannel-logout',
    {
      config: { public: true },
      schema: { hide: true, body: Type.Object({ logout_token: Type.String() }) },
    },
    async ({ body, log }, reply) => {
      const logout = await verifyLogoutToken(body.logout_token, app.login.clientTokens, Date.now())
      const until = (logout.expiresAt + app.config.AUTH_CLOCK_TOLERANCE_SECONDS) * 1000
      const ended = await endSessions(app.store, { ...logout, until }, Date.now())
      if (ended === undefined)
        throw new ServiceError(loginErrors.invalidLogoutToken, { detail: 'jti was already used' })
      log.info({ sub: logout.subject, ended }, 'logged out by the issuer')
      return reply.code(200).send()
    },
  )
}

export default routes
