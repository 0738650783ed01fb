import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { errorBody } from '../error-body.ts'
import { type ErrorName, type FieldFault, ServiceError } from '../errors.ts'

/** Every throw ends here: a catalogue error as it is, Fastify's own by their code, anything else as a 500. */
export default fp(
  async (app) => {
    app.setErrorHandler((error: FastifyError, request, reply) => {
      const refusal = toServiceError(error)
      log(request, refusal)
      return answer(reply, refusal)
    })
    app.setNotFoundHandler((_request, reply) => answer(reply, new ServiceError('not_found')))
  },
  { name: 'errors' },
)

function toServiceError(error: FastifyError): ServiceError {
  if (error instanceof ServiceError) return error
  const cause = error
  if (!(error instanceof Error)) return new ServiceError('internal_error', { cause }) // anything can be thrown
  if (error.validation)
    return new ServiceError('validation_failed', { validation: fieldFaults(error), cause })
  const status = error.statusCode ?? 500
  const isRefusal = status >= 400 && status < 500
  return new ServiceError(isRefusal ? (names[status] ?? 'bad_request') : 'internal_error', { cause })
}

const names: Record<number, ErrorName> = {
  404: 'not_found',
  413: 'body_too_large',
  415: 'unsupported_media_type',
}

function fieldFaults({ validation = [], validationContext }: FastifyError): FieldFault[] {
  return validation.map(({ instancePath, params, message = 'is not valid' }) => {
    const path = instancePath.slice(1).replaceAll('/', '.')
    const missing = typeof params.missingProperty === 'string' ? params.missingProperty : ''
    return { field: [path, missing].filter(Boolean).join('.') || (validationContext ?? 'request'), message }
  })
}

/** A refusal is the caller's business and one line of ours; what is our fault or the issuer's is told in full. */
function log(request: FastifyRequest, refusal: ServiceError) {
  const { code, detail, statusCode, cause } = refusal
  const isFailure = statusCode > 500 && code !== 'overloaded' // that is said once, by plugins/readiness.ts
  if (statusCode === 500) request.log.error({ err: cause }, 'request failed')
  else if (isFailure) request.log.warn({ code, detail, err: cause }, 'request failed')
  else request.log.info({ code, detail: detail ?? (cause as Error | undefined)?.message }, 'request refused')
}

function answer(reply: FastifyReply, refusal: ServiceError) {
  return reply.code(refusal.statusCode).headers(refusal.headers).send(errorBody(refusal))
}
