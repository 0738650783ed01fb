import type { IncomingMessage } from 'node:http'
import fp from 'fastify-plugin'
import { httpErrors, ServiceError } from '../errors/catalogue.ts'

/**
 * Rejects expectations other than `100-continue` (RFC 9110, section 10.1.1). Node hands such requests to a listener of
 * their own, and would otherwise answer them without any hook.
 */
export default fp(
  async (app) => {
    const unmet = new WeakSet<IncomingMessage>()
    app.server.on('checkExpectation', (request, response) => {
      unmet.add(request)
      app.server.emit('request', request, response)
    })
    app.addHook('onRequest', ({ raw }, _reply, done) => {
      done(unmet.has(raw) ? new ServiceError(httpErrors.expectationFailed) : undefined)
    })
  },
  // after cors, so that browsers can read the error
  { name: 'expectations', dependencies: ['cors', 'metrics'] },
)
