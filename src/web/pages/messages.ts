import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { ServiceError } from '../../errors/catalogue.ts'
import { type Box, fetchMessage } from '../api-message.ts'
import { logInPath } from '../login/return-to.ts'
import { requireSession } from '../login/sessions.ts'

const messages = [
  ['protected', 'Protected message', 'The API gives this one to everybody who has signed in.'],
  ['admin', 'Admin message', 'The API gives this one to people with the permission read:admin-messages.'],
] as const

/** Pages that show what the API answers: the API decides who may read what. */
const pages: FastifyPluginAsync = async (app) => {
  const schema = { hide: true }

  app.get('/public', { config: { public: true }, schema }, async (request, reply) =>
    reply.page('message', {
      heading: 'Public message',
      explanation: 'The API gives this one to anyone.',
      box: await ask(request, 'public'),
    }),
  )

  for (const [name, heading, explanation] of messages) {
    app.get(`/${name}`, { preHandler: app.requiresSignIn, schema }, async (request, reply) => {
      const token = await accessToken(request)
      if (token === 'session is over') return reply.redirect(logInPath(request.url))
      const box = token === 'issuer is away' ? unrefreshed : await ask(request, name, token.text)
      return reply.page('message', { heading, explanation, box })
    })
  }

  async function accessToken(request: FastifyRequest) {
    try {
      const text = await app.login.accessTokens.of(requireSession(request.session))
      return text === undefined ? 'session is over' : { text }
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== 'issuer_unavailable') throw error
      request.log.warn({ detail: error.detail }, 'access token not refreshed')
      return 'issuer is away'
    }
  }

  async function ask({ log }: FastifyRequest, name: string, token?: string): Promise<Box> {
    const url = `${app.config.API_SERVER_URL}/api/messages/${name}`
    const { box, error } = await fetchMessage(url, token)
    if (error) log.warn({ url, err: error }, 'no message from the API')
    return box
  }
}

export default pages

const unrefreshed = {
  caption: 'Not asked',
  code: 'Your access to the API has run out, and the identity provider cannot be reached to renew it.',
}
