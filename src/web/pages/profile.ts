import type { FastifyPluginAsync } from 'fastify'
import { requireSession } from '../login/sessions.ts'

const pages: FastifyPluginAsync = async (app) => {
  app.addToNavigation({ path: '/profile', name: 'Profile', position: 5, shownTo: 'users' })
  const options = { preHandler: app.requiresLogin, schema: { hide: true } }
  app.get('/profile', options, async ({ session }, reply) =>
    reply.page('profile', { account: requireSession(session).contents.account }),
  )
}

export default pages
