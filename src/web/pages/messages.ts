import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { ServiceError } from '../../errors/catalogue.ts'
import { tokenErrors } from '../../plugins/auth/index.ts'
import { apiAddress, fetchMessage, type Message } from '../api-message.ts'
import { redirectOnce } from '../login/redirect-once.ts'
import { loginPath } from '../login/return-to.ts'
import { requireSession } from '../login/sessions.ts'
import { isRecent, type RequiredLogin } from '../login/step-up.ts'
import { beginStepUp, takeStepUp } from '../login/step-up-cookie.ts'

const messages = [
  ['protected', 'Protected message', 'The API sends this message to every user who is logged in.'],
  ['admin', 'Admin message', 'The API sends this message to users with the permission read:admin-messages.'],
] as const

/** Pages that show a response of the API. The API decides who may read which message. */
const pages: FastifyPluginAsync = async (app) => {
  const schema = { hide: true }
  app.addToNavigation({ path: '/public', name: 'Public', position: 2, shownTo: 'everyone' })
  app.addToNavigation({ path: '/protected', name: 'Protected', position: 3, shownTo: 'users' })
  app.addToNavigation({
    path: '/admin',
    name: 'Admin',
    position: 4,
    shownTo: { grant: 'read:admin-messages' },
  })

  app.get('/public', { config: { public: true }, schema }, async (request, reply) =>
    reply.page('message', {
      heading: 'Public message',
      explanation: 'The API sends this message to anyone.',
      box: (await fetchBox(request, 'public')).box,
    }),
  )

  for (const [name, heading, explanation] of messages) {
    const page = `/${name}`
    const maxAge = name === 'admin' ? app.config.ADMIN_MAX_AGE_SECONDS : 0

    app.get(page, { preHandler: app.requiresLogin, schema }, async (request, reply) => {
      const isReturning = takeStepUp(app.login, request, reply, page, Date.now())
      const stepUp = (required: RequiredLogin) =>
        redirectOnce(reply, beginStepUp(app.login, reply, page, required, Date.now()))
      if (maxAge > 0 && isTooOld(request, maxAge)) {
        if (isReturning) throw new ServiceError(tokenErrors.insufficientAuthentication)
        return stepUp({ maxAge })
      }
      const token = await accessToken(request)
      if (token === 'session ended') return reply.redirect(loginPath(request.url))
      const message =
        token === 'issuer unavailable' ? notRefreshed : await fetchBox(request, name, token.text)
      if (message.required && !isReturning) return stepUp(message.required)
      return reply.page('message', { heading, explanation, box: message.box })
    })
  }

  function isTooOld({ session }: FastifyRequest, maxAge: number): boolean {
    const { authTime } = requireSession(session).contents
    return !isRecent(authTime, maxAge + app.config.AUTH_CLOCK_TOLERANCE_SECONDS, Date.now() / 1000)
  }

  async function accessToken(request: FastifyRequest) {
    try {
      const text = await app.login.accessTokens.of(requireSession(request.session))
      return text === undefined ? 'session ended' : { text }
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== 'issuer_unavailable') throw error
      request.log.warn({ detail: error.detail }, 'access token not refreshed')
      return 'issuer unavailable'
    }
  }

  async function fetchBox({ log }: FastifyRequest, name: string, token?: string): Promise<Message> {
    const url = `${apiAddress(app.config)}/api/messages/${name}`
    const message = await fetchMessage(url, token)
    if (message.error) log.warn({ url, err: message.error }, 'message not fetched from the API')
    return message
  }
}

export default pages

const notRefreshed: Message = {
  box: {
    caption: 'Not sent',
    code: 'Your access token is expired, and the identity provider cannot be reached to refresh it.',
  },
}
