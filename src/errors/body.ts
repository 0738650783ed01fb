import { STATUS_CODES } from 'node:http'
import type { ServiceError } from './catalogue.ts'

/** The one shape of every error answer: Fastify's own, with a stable `code`. */
export function errorBody({ statusCode, code, message, validation }: ServiceError) {
  const body = { statusCode, code, error: STATUS_CODES[statusCode], message }
  return validation ? { ...body, validation } : body
}
