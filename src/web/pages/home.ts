import type { FastifyPluginAsync } from 'fastify'

const pages: FastifyPluginAsync = async (app) => {
  app.get('/', { config: { public: true }, schema: { hide: true } }, async (_request, reply) =>
    reply.page('home', {}),
  )
}

export default pages
