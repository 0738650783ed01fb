import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServiceError } from '../errors/catalogue.ts'
import { logError, sendError, toServiceError } from '../errors/send.ts'
import { varyBy } from '../http/vary.ts'
import { StepUpRequired } from './login/step-up.ts'
import { sendStepUp } from './step-up.ts'

/** Paths of the API, where errors are JSON for every client. */
const API_PATHS = [
  /^\/api(?![^/?])/,
  /^\/todo(?![^/?])/, // part: todos
]

/** Sends errors of this scope as pages: those of its routes and, to clients that prefer HTML, of requests without a route. */
export function handlePageErrors(scope: FastifyInstance) {
  scope.setErrorHandler<FastifyError>((thrown, request, reply) => {
    const stepUp = thrown instanceof StepUpRequired ? sendStepUp(thrown, request, reply) : undefined
    return stepUp ?? sendErrorPage(thrown, request, reply)
  })
  scope.setNotFoundHandler((request, reply) => send(request, reply, scope.unroutedError(request)))
}

/** The error handler of src/errors/send.ts, with a page as the response. */
export function sendErrorPage(thrown: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const error = toServiceError(thrown)
  logError(request, error)
  return send(request, reply, error)
}

function send(request: FastifyRequest, reply: FastifyReply, error: ServiceError) {
  if (!request.is404) return sendPage(reply, error)
  if (API_PATHS.some((path) => path.test(request.url))) return sendError(reply, error)
  varyBy(reply, 'Accept')
  return prefersHtml(request.headers.accept) ? sendPage(reply, error) : sendError(reply, error)
}

/** Shows the public half of the error and nothing else. */
function sendPage(reply: FastifyReply, { statusCode, code, message, headers }: ServiceError) {
  const { heading, explanation = toSentence(message) } = texts[statusCode] ?? DEFAULT_TEXT
  return reply.code(statusCode).headers(headers).page('error', { statusCode, code, heading, explanation })
}

function toSentence(message: string): string {
  return message.replace(/\.?$/, '.')
}

interface Text {
  readonly heading: string
  /** Default: the message of the error. */
  readonly explanation?: string
}

const DEFAULT_TEXT: Text = { heading: 'That did not work' }

const texts: Record<number, Text> = {
  404: {
    heading: 'Page not found',
    explanation: 'The address may be mistyped, or the page may have moved.',
  },
  405: { heading: 'Method not supported' },
  429: { heading: 'One moment' },
  500: {
    heading: 'Something went wrong',
    explanation: 'The error is on our side and has been logged. Please try again later.',
  },
  503: { heading: 'Temporarily unavailable' },
}

/**
 * Whether the `Accept` header prefers HTML to JSON (RFC 9110, section 12.5.1). Clients without a preference (most
 * programs) get JSON.
 */
function prefersHtml(accept = ''): boolean {
  return quality(accept, 'text/html') > quality(accept, 'application/json')
}

/** The weight of the most specific range that matches the type. */
function quality(accept: string, type: string): number {
  const weights = new Map(accept.split(',').map(parseRange))
  const [group] = type.split('/')
  return weights.get(type) ?? weights.get(`${group}/*`) ?? weights.get('*/*') ?? 0
}

function parseRange(range: string): [name: string | undefined, weight: number] {
  const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  return [name, weight ? Number(weight.slice(2)) || 0 : 1]
}
