import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { ServiceError } from '../../errors/catalogue.ts'
import { type Box, fetchMessage } from '../api-message.ts'
import { loginPath } from '../login/return-to.ts'
import { requireSession } from '../login/sessions.ts'

const messages = [
  ['protected', 'Protected message', 'The API sends this message to every user who is logged in.'],
  ['admin', 'Admin message', 'The API sends this message to users with the permission read:admin-messages.'],
] as const

/** Pages that show a response of the API. The API decides who may read which message. */
const pages: FastifyPluginAsync = async (app) => {
  const schema = { hide: true }

  app.get('/public', { config: { public: true }, schema }, async (request, reply) =>
    reply.page('message', {
      heading: 'Public message',
      explanation: 'The API sends this message to anyone.',
      box: await fetchBox(request, 'public'),
    }),
  )

  for (const [name, heading, explanation] of messages) {
    app.get(`/${name}`, { preHandler: app.requiresLogin, schema }, async (request, reply) => {
      const token = await accessToken(request)
      if (token === 'session ended') return reply.redirect(loginPath(request.url))
      const box = token === 'issuer unavailable' ? notRefreshed : await fetchBox(request, name, token.text)
      return reply.page('message', { heading, explanation, box })
    })
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

  async function fetchBox({ log }: FastifyRequest, name: string, token?: string): Promise<Box> {
    const url = `${app.config.API_SERVER_URL}/api/messages/${name}`
    const { box, error } = await fetchMessage(url, token)
    if (error) log.warn({ url, err: error }, 'message not fetched from the API')
    return box
  }
}

export default pages

const notRefreshed = {
  caption: 'Not sent',
  code: 'Your access token is expired, and the identity provider cannot be reached to refresh it.',
}
