import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Logs successful requests at level `debug`, for probes that arrive every few seconds. */
    quiet?: boolean
  }
}

/** Logs one line per request, after its response. */
export default fp(
  async (app) => {
    if (['info', 'debug', 'trace'].includes(app.config.LOG_LEVEL)) app.addHook('onResponse', logRequest)
  },
  { name: 'access-log', dependencies: ['env'] },
)

function logRequest(request: FastifyRequest, reply: FastifyReply, done: () => void) {
  const { statusCode, elapsedTime } = reply
  const isQuiet = request.routeOptions.config.quiet === true && statusCode < 400
  request.log[isQuiet ? 'debug' : 'info'](
    { req: request, statusCode, ms: Math.round(elapsedTime * 10) / 10, sub: request.token?.subject },
    'request',
  )
  done()
}
