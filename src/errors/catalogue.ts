import { STATUS_CODES } from 'node:http'

/** Reason phrase of client errors whose status has none of its own (RFC 9110, section 15). */
export const BAD_REQUEST = 'Bad Request'

/** An error as a client sees it. `code` is stable and for programs, `message` is for readers. */
export interface ErrorDefinition {
  readonly code: string
  readonly statusCode: number
  readonly message: string
}

/**
 * HTTP errors that any module can throw. Other modules define their own errors; docs/errors.md lists all of them.
 */
export const httpErrors = {
  notFound: define('not_found', 404, 'Not Found'),
  methodNotAllowed: define('method_not_allowed', 405, 'The method is not supported'),
  validationFailed: define('validation_failed', 400, 'The request is not valid'),
  badRequest: define('bad_request', 400, 'The request cannot be understood'),
  bodyTooLarge: define('body_too_large', 413, 'The body is larger than 64 KiB'),
  unsupportedMediaType: define('unsupported_media_type', 415, 'The content type is not supported'),
  expectationFailed: define('expectation_failed', 417, 'The expectation cannot be met'),
  headersTooLarge: define('headers_too_large', 431, 'The headers are too large'),
  requestTimeout: define('request_timeout', 408, 'The request took too long to arrive'),
  misdirectedRequest: define('misdirected_request', 421, 'The request is for another host'),
  rateLimited: define('rate_limited', 429, 'Too many requests'),
  overloaded: define('overloaded', 503, 'The service is overloaded'),
  internalError: define('internal_error', 500, 'Internal Server Error'),
}

/** Defines an error that a {@link ServiceError} can carry. */
export function define(code: string, statusCode: number, message: string): ErrorDefinition {
  return Object.freeze({ code, statusCode, message })
}

export interface FieldFault {
  readonly field: string
  readonly message: string
}

export interface ErrorOptions {
  /** Precise reason for the log, never for the client. Must not contain a token. */
  readonly detail?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as `Retry-After` (RFC 9110, section 10.2.3). */
  readonly retryAfterSeconds?: number
  readonly validation?: readonly FieldFault[]
  readonly cause?: unknown
}

/** An error with a public part (status, code, message, headers) and a private part (detail, cause) for the log. */
export class ServiceError extends Error {
  override name = 'ServiceError'
  readonly code: string
  readonly statusCode: number
  /** A list is sent as several header lines. */
  headers: Readonly<Record<string, string | string[]>>
  readonly detail: string | undefined
  readonly validation: readonly FieldFault[] | undefined

  constructor({ code, statusCode, message }: ErrorDefinition, options: ErrorOptions = {}) {
    const { detail, headers, retryAfterSeconds, validation, cause } = options
    super(message, { cause })
    this.code = code
    this.statusCode = statusCode
    this.detail = detail
    this.validation = validation
    this.headers = {
      ...headers,
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) }),
    }
  }

  /** The body of every error response: Fastify's format plus a stable `code`. */
  get body() {
    const { statusCode, code, message, validation } = this
    const body = { statusCode, code, error: STATUS_CODES[statusCode] ?? BAD_REQUEST, message }
    return validation ? { ...body, validation } : body
  }
}
