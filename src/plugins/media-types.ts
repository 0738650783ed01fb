import fp from 'fastify-plugin'

/** Restricts bodies to JSON, since Fastify also accepts plain text. A route can register parsers for other types. */
export default fp(
  async (app) => {
    app.removeContentTypeParser('text/plain')
  },
  { name: 'media-types' },
)
