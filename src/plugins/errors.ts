import type { FastifyError } from 'fastify'
import fp from 'fastify-plugin'
import { logError, sendError, toServiceError } from '../errors/send.ts'

/** Answers everything that is thrown: a service error as it is, anything else as errors/send.ts converts it. */
export default fp(
  async (app) => {
    app.setErrorHandler((error: FastifyError, request, reply) => {
      const serviceError = toServiceError(error)
      logError(request, serviceError)
      return sendError(reply, serviceError)
    })
  },
  { name: 'errors' },
)
