import fp from 'fastify-plugin'
import { traceIdOf } from '../http/trace-id.ts'

/**
 * Sends the ID of the request, which is in all its log lines, as `X-Request-Id`. Log lines also have the trace ID of
 * `traceparent`; if tracing is enabled, plugins/tracing adds it.
 */
export default fp(
  async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id)
      done()
    })
    if (app.hasRequestDecorator('opentelemetry')) return
    app.addHook('onRequest', (request, reply, done) => {
      const traceId = traceIdOf(request.headers.traceparent)
      if (traceId !== undefined) {
        request.log = request.log.child({ traceId })
        reply.log = request.log
      }
      done()
    })
  },
  { name: 'request-id', dependencies: ['tracing'] },
)
