import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { httpErrors, ServiceError } from '../errors/catalogue.ts'
import { logError, sendError, toServiceError } from '../errors/send.ts'
import { prefersHtml } from './accept.ts'

/** Below these a path is the API's, whoever asks. */
const API_PATHS = /^\/(api|todo)(?![^/?])/

/**
 * Makes the scope of the web app answer errors with a page: those of its routes, and, for those who would rather have
 * a page than JSON, paths that are not there at all.
 */
export function handlePageErrors(scope: FastifyInstance) {
  scope.setErrorHandler(answerPageError)
  scope.setNotFoundHandler((request, reply) => answer(request, reply, new ServiceError(httpErrors.notFound)))
}

/** What plugins/errors.ts does, with a page as the answer. */
export function answerPageError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const refusal = toServiceError(error)
  logError(request, refusal)
  return answer(request, reply, refusal)
}

function answer(request: FastifyRequest, reply: FastifyReply, refusal: ServiceError) {
  if (!request.is404) return showError(reply, refusal)
  if (API_PATHS.test(request.url)) return sendError(reply, refusal)
  reply.header('vary', [reply.getHeader('vary') ?? [], 'Accept'].flat().join(', ')) // CORS varies by Origin
  return prefersHtml(request.headers.accept) ? showError(reply, refusal) : sendError(reply, refusal)
}

/** The public half of the error and nothing else. */
function showError(reply: FastifyReply, { statusCode, code, message, headers }: ServiceError) {
  const { heading, explanation = toSentence(message) } = words[statusCode] ?? { heading: 'That did not work' }
  return reply.code(statusCode).headers(headers).page('error', { statusCode, code, heading, explanation })
}

function toSentence(message: string): string {
  return message.replace(/\.?$/, '.')
}

/** Where the catalogue says no more than the status does, there is more to say to people. */
const words: Record<number, { heading: string; explanation?: string }> = {
  404: {
    heading: 'There is nothing here',
    explanation: 'The address may be mistyped, or the page may have moved.',
  },
  429: { heading: 'One moment' },
  500: {
    heading: 'Something went wrong',
    explanation: 'The fault is ours and has been noted. Please try again in a while.',
  },
  503: { heading: 'Not available just now' },
}
