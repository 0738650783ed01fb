import type { FastifyPluginAsync } from 'fastify'
import { TRANSACTION_MAX_AGE_MS } from '../login/login-transactions.ts'
import { toOrganization } from '../login/organization.ts'
import { redirectOnce } from '../login/redirect-once.ts'
import { redirectToBaseUrl } from '../login/redirect-to-base-url.ts'
import { localPath } from '../login/return-to.ts'

/** Login and sign-up: redirects to the issuer, which redirects to the callback. */
const pages: FastifyPluginAsync = async (app) => {
  const { issuer, transactions, stepUps, cookies } = app.login
  const options = {
    config: { public: true, ignoresPrefetch: true as const },
    schema: { hide: true },
    exposeHeadRoute: false,
    onRequest: redirectToBaseUrl(app.config.BASE_URL),
  }

  for (const [path, isSignUp] of [
    ['/login', false],
    ['/signup', true],
  ] as const) {
    app.get(path, options, async (request, reply) => {
      const { returnTo, organization } = request.query as Record<string, unknown>
      const page = localPath(returnTo, app.config.BASE_URL)
      const stepUp = stepUps.find(request.cookies, page, Date.now())
      if (stepUp) reply.clearCookie(stepUps.cookieName, cookies.options)
      const login = {
        returnTo: page,
        required: stepUp?.required,
        organization: toOrganization(organization ?? (stepUp && request.session?.contents.organization)),
      }
      const transaction = transactions.begin(login, Date.now())
      const url = await issuer.authorizationUrl(transaction, isSignUp)
      for (const name of transactions.superfluous(request.cookies)) reply.clearCookie(name, cookies.options)
      const { name, value } = transactions.toCookie(transaction)
      reply.setCookie(name, value, cookies.lasting(TRANSACTION_MAX_AGE_MS))
      return redirectOnce(reply, url)
    })
  }
}

export default pages
