import type { FastifyError } from 'fastify'
import fp from 'fastify-plugin'
import { logError, sendError, toServiceError } from '../errors/send.ts'

/** Sends every thrown value as an error response. */
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
