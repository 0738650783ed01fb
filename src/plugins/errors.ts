import type { FastifyError } from 'fastify'
import fp from 'fastify-plugin'
import { answerRefusal, logRefusal, toServiceError } from '../errors/send.ts'

/** Every throw ends here: a catalogue error as it is, Fastify's own by their code, anything else as a 500. */
export default fp(
  async (app) => {
    app.setErrorHandler((error: FastifyError, request, reply) => {
      const refusal = toServiceError(error)
      logRefusal(request, refusal)
      return answerRefusal(reply, refusal)
    })
  },
  { name: 'errors' },
)
