import type { FastifyError } from 'fastify'
import fp from 'fastify-plugin'
import { ServiceError } from '../errors.ts'
import { answerRefusal, logRefusal, toServiceError } from '../refusals.ts'

/** Every throw ends here: a catalogue error as it is, Fastify's own by their code, anything else as a 500. */
export default fp(
  async (app) => {
    app.setErrorHandler((error: FastifyError, request, reply) => {
      const refusal = toServiceError(error)
      logRefusal(request, refusal)
      return answerRefusal(reply, refusal)
    })
    // The web app answers these in its own scope, where it is known who is looking (page-errors.ts)
    if (app.config.AUTH0_CLIENT_ID === undefined)
      app.setNotFoundHandler((_request, reply) => answerRefusal(reply, new ServiceError('not_found')))
  },
  { name: 'errors', dependencies: ['env'] },
)
