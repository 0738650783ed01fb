import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import {
  BAD_REQUEST,
  define,
  type ErrorDefinition,
  type FieldFault,
  httpErrors,
  ServiceError,
} from './catalogue.ts'

/**
 * Converts any thrown value. Errors with a 4xx status keep it, as those of http-errors and `@fastify/sensible`; all others
 * are 500.
 */
export function toServiceError(error: FastifyError): ServiceError {
  if (error instanceof ServiceError) return error
  const cause = error
  if (!(error instanceof Error)) return new ServiceError(httpErrors.internalError, { cause })
  // A path with a parameter that is not valid names no resource
  if (error.validation && error.validationContext === 'params')
    return new ServiceError(httpErrors.notFound, { cause })
  if (error.validation)
    return new ServiceError(httpErrors.validationFailed, { validation: fieldFaults(error), cause })
  const status = error.statusCode
  const isClientError = Number.isInteger(status) && Number(status) >= 400 && Number(status) < 500
  return new ServiceError(isClientError ? clientError(error, Number(status)) : httpErrors.internalError, {
    cause,
  })
}

/** Logs 500 at level error, other 5xx at warn and client errors at info. */
export function logError(request: FastifyRequest, error: ServiceError) {
  const { code, detail, statusCode, cause } = error
  const isFailure = statusCode > 500 && code !== httpErrors.overloaded.code // plugins/readiness.ts logs overload once
  if (statusCode === 500) request.log.error({ err: cause }, 'request failed')
  else if (isFailure) request.log.warn({ code, detail, err: cause }, 'request failed')
  else
    request.log.info(
      { code, detail: detail ?? (cause as Error | undefined)?.message ?? error.message },
      'request rejected',
    )
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

/** Messages of Fastify and its plugins are only logged: they may quote the request. */
function clientError(error: FastifyError & { expose?: unknown }, status: number): ErrorDefinition {
  const known = byStatus[status]
  const code: unknown = error.code
  if (typeof code === 'string' && code.startsWith('FST_')) return known ?? httpErrors.badRequest
  const reason = STATUS_CODES[status] ?? BAD_REQUEST
  // http-errors sets `expose` to false where a message is not for clients
  const message = error.expose === false ? '' : error.message
  return define(typeof code === 'string' ? code : toCode(reason), status, message || reason)
}

/** Derives a code from a reason phrase: `not_found` from `Not Found`. */
function toCode(reason: string): string {
  return reason.toLowerCase().replaceAll("'", '').replace(/\W+/g, '_')
}

/** Bounds the response to a body with thousands of unknown fields. */
const MAX_FAULTS = 100

function fieldFaults({ validation = [], validationContext }: FastifyError): FieldFault[] {
  return validation.slice(0, MAX_FAULTS).map(({ instancePath, params, message = 'is not valid' }) => {
    const path = instancePath.slice(1).replaceAll('/', '.')
    const { missingProperty, additionalProperty } = params as Record<string, string | undefined>
    const field = [path, missingProperty ?? additionalProperty].filter(Boolean).join('.')
    return {
      field: field || (validationContext ?? 'request'),
      message: additionalProperty === undefined ? message : 'is not a known field',
    }
  })
}
