import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { errorBody } from './body.ts'
import { type ErrorName, type FieldFault, ServiceError } from './catalogue.ts'

/** What was thrown as an error of the catalogue: Fastify's own by their status, anything else as a 500. */
export function toServiceError(error: FastifyError): ServiceError {
  if (error instanceof ServiceError) return error
  const cause = error
  if (!(error instanceof Error)) return new ServiceError('internal_error', { cause }) // anything can be thrown
  if (error.validation)
    return new ServiceError('validation_failed', { validation: fieldFaults(error), cause })
  const status = error.statusCode ?? 500
  const isRefusal = status >= 400 && status < 500
  return new ServiceError(isRefusal ? (names[status] ?? 'bad_request') : 'internal_error', { cause })
}

/** A refusal is the caller's business and one line of ours; what is our fault or the issuer's is told in full. */
export function logRefusal(request: FastifyRequest, refusal: ServiceError) {
  const { code, detail, statusCode, cause } = refusal
  const isFailure = statusCode > 500 && code !== 'overloaded' // that is said once, by plugins/readiness.ts
  if (statusCode === 500) request.log.error({ err: cause }, 'request failed')
  else if (isFailure) request.log.warn({ code, detail, err: cause }, 'request failed')
  else request.log.info({ code, detail: detail ?? (cause as Error | undefined)?.message }, 'request refused')
}

/** The answer to programs. */
export function answerRefusal(reply: FastifyReply, refusal: ServiceError) {
  return reply.code(refusal.statusCode).headers(refusal.headers).send(errorBody(refusal))
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
