import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ServiceError } from '../errors/catalogue.ts'
import { acceptForms } from '../plugins/media-types.ts'
import { endSessions } from '../plugins/store/tables/logout.ts'
import type { NewRevocation } from '../plugins/store/tables/revocation.ts'
import { loginErrors } from './login/errors.ts'
import { type LogoutToken, verifyLogoutToken } from './login/logout-token.ts'

/**
 * Receives the issuer's notice that a session ended there (OpenID Connect Back-Channel Logout 1.0, 2.5). Not in the
 * scope of the pages, since no browser calls it.
 */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.removeContentTypeParser('application/json') // the token arrives in a form only
  acceptForms(app)
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
      const tokens = accessTokensOf(logout, Date.now() + app.revocations.lifetimeMs)
      const ended = await endSessions(app.store, { ...logout, until, tokens }, Date.now())
      if (ended === undefined)
        throw new ServiceError(loginErrors.invalidLogoutToken, { detail: 'jti was already used' })
      app.events?.sessionEnded('issuer', ended)
      await app.revocations.spread()
      log.info({ sub: logout.subject, ended }, 'logged out by the issuer')
      return reply.code(200).send()
    },
  )
}

export default routes

/** The access tokens of the session, or those that the user got before the notice. */
function accessTokensOf({ issuer, subject, sid, issuedAt }: LogoutToken, until: number): NewRevocation {
  const common = { issuer, until, reason: 'logged out at the issuer' }
  return sid === undefined
    ? { ...common, kind: 'sub', value: subject as string, before: issuedAt } // one of the two is present
    : { ...common, kind: 'sid', value: sid, before: undefined }
}
