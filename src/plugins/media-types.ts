import fp from 'fastify-plugin'

/** Bodies are JSON; a route that takes another type registers its parser. Fastify would also take plain text. */
export default fp(
  async (app) => {
    app.removeContentTypeParser('text/plain')
  },
  { name: 'media-types' },
)
