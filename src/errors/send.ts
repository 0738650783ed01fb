import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorDefinition, type FieldFault, httpErrors, ServiceError } from './catalogue.ts'

/** Converts any thrown value. Fastify's errors are mapped by status, unknown ones to 500. */
export function toServiceError(error: FastifyError): ServiceError {
  if (error instanceof ServiceError) return error
  const cause = error
  if (!(error instanceof Error)) return new ServiceError(httpErrors.internalError, { cause })
  if (error.validation)
    return new ServiceError(httpErrors.validationFailed, { validation: fieldFaults(error), cause })
  const status = error.statusCode ?? 500
  const isClientError = status >= 400 && status < 500
  const definition = isClientError ? (byStatus[status] ?? httpErrors.badRequest) : httpErrors.internalError
  return new ServiceError(definition, { cause })
}

/** Logs 500 at level error, other 5xx at warn and client errors at info. */
export function logError(request: FastifyRequest, error: ServiceError) {
  const { code, detail, statusCode, cause } = error
  const isFailure = statusCode > 500 && code !== httpErrors.overloaded.code // plugins/readiness.ts logs overload once
  if (statusCode === 500) request.log.error({ err: cause }, 'request failed')
  else if (isFailure) request.log.warn({ code, detail, err: cause }, 'request failed')
  else request.log.info({ code, detail: detail ?? (cause as Error | undefined)?.message }, 'request rejected')
}

/** Sends the error as JSON. */
export function sendError(reply: FastifyReply, error: ServiceError) {
  return reply.code(error.statusCode).headers(error.headers).send(error.body)
}

const byStatus: Record<number, ErrorDefinition> = {
  404: httpErrors.notFound,
  413: httpErrors.bodyTooLarge,
  415: httpErrors.unsupportedMediaType,
}

function fieldFaults({ validation = [], validationContext }: FastifyError): FieldFault[] {
  return validation.map(({ instancePath, params, message = 'is not valid' }) => {
    const path = instancePath.slice(1).replaceAll('/', '.')
    const missing = typeof params.missingProperty === 'string' ? params.missingProperty : ''
    return { field: [path, missing].filter(Boolean).join('.') || (validationContext ?? 'request'), message }
  })
}
