import { STATUS_CODES } from 'node:http'
import t from 'tap'
import { catalogue, type ErrorName, ServiceError } from '../../src/errors/catalogue.ts'

type Row = [status: number, code: string, message: string, challenge?: string]

const described = (description: string) =>
  `Bearer realm="api", error="invalid_token", error_description="${description}"`

/** What design.md promises, and the refusals of the HTTP layer. */
const rows: Record<ErrorName, Row> = {
  missing_token: [
    401,
    'missing_token',
    'Authentication credentials were not provided.',
    'Bearer realm="api"',
  ],
  malformed_authorization: [
    401,
    'invalid_token',
    'Invalid token headers',
    described('Invalid token headers'),
  ],
  expired_token: [401, 'invalid_token', 'token is expired', described('token is expired')],
  wrong_claims: [
    401,
    'invalid_token',
    'incorrect claims, please check the audience and issuer',
    described('incorrect claims, please check the audience and issuer'),
  ],
  unusable_token: [
    401,
    'invalid_token',
    'Unable to parse authentication',
    described('Unable to parse authentication'),
  ],
  insufficient_scope: [
    403,
    'insufficient_scope',
    "You don't have access to this resource",
    `Bearer realm="api", error="insufficient_scope", error_description="You don't have access to this resource", scope="read:things write:things"`,
  ],
  insufficient_permissions: [
    403,
    'insufficient_permissions',
    'Permission denied',
    'Bearer realm="api", error="insufficient_scope", error_description="Permission denied", scope="read:things write:things"',
  ],
  issuer_unavailable: [503, 'issuer_unavailable', 'The identity provider cannot be reached'],
  store_unavailable: [503, 'store_unavailable', 'The database cannot be reached'],
  user_deleted: [409, 'user_deleted', 'The user was deleted; the next request starts anew'],
  login_refused: [400, 'login_failed', 'The identity provider has not let you in'],
  login_unknown: [
    400,
    'login_failed',
    'This log-in was begun in another browser, was completed already or took too long. Please log in again.',
  ],
  login_failed: [400, 'login_failed', 'The log-in could not be completed. Please log in again.'],
  cross_site_request: [403, 'cross_site_request', 'The request comes from another site'],
  invalid_logout_token: [400, 'invalid_logout_token', 'The logout token is not acceptable'],
  not_found: [404, 'not_found', 'Not Found'],
  validation_failed: [400, 'validation_failed', 'The request is not valid'],
  bad_request: [400, 'bad_request', 'The request cannot be understood'],
  body_too_large: [413, 'body_too_large', 'The body is larger than 64 KiB'],
  unsupported_media_type: [415, 'unsupported_media_type', 'The content type is not supported'],
  headers_too_large: [431, 'headers_too_large', 'The headers are too large'],
  request_timeout: [408, 'request_timeout', 'The request took too long to arrive'],
  rate_limited: [429, 'rate_limited', 'Too many requests'],
  overloaded: [503, 'overloaded', 'The service has too much to do'],
  internal_error: [500, 'internal_error', 'Internal Server Error'],
}

for (const [name, [status, code, message, challenge]] of Object.entries(rows) as [ErrorName, Row][]) {
  t.test(`${name} is ${status} ${code}`, async (t) => {
    const error = new ServiceError(name, status === 403 ? { scope: ['read:things', 'write:things'] } : {})
    t.match(error, { name: 'ServiceError', statusCode: status, code, message })
    t.strictSame(error.headers, challenge ? { 'www-authenticate': challenge } : {})
  })
}

t.test('the table is the whole catalogue, and every status is one that HTTP knows', async (t) => {
  t.strictSame(Object.keys(rows), Object.keys(catalogue))
  for (const { statusCode } of Object.values(catalogue)) t.ok(STATUS_CODES[statusCode], `${statusCode}`)
})

/** RFC 6750, section 3: the characters of each attribute; a scope is tokens with one blank between. */
const attributes: Record<string, RegExp> = {
  realm: /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/,
  error: /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/,
  error_description: /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/,
  scope: /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/,
}

t.test('every challenge is well formed (RFC 6750, section 3)', async (t) => {
  for (const challenge of Object.values(rows).flatMap(([, , , challenge]) => challenge ?? [])) {
    t.match(challenge, /^Bearer \w+="[^"]*"(, \w+="[^"]*")*$/)
    const parameters = [...challenge.matchAll(/(\w+)="([^"]*)"/g)]
    t.equal(
      new Set(parameters.map(([, name]) => name)).size,
      parameters.length,
      'no attribute is given twice',
    )
    for (const [, name = '', value = ''] of parameters) t.match(value, attributes[name], name)
  }
})

t.test('Retry-After is in whole seconds, rounded up', async (t) => {
  const retryAfter = (retryAfterSeconds: number) =>
    new ServiceError('issuer_unavailable', { retryAfterSeconds }).headers['retry-after']
  t.equal(retryAfter(5), '5')
  t.equal(retryAfter(4.001), '5')
  t.equal(retryAfter(0), '0')
  t.notOk('retry-after' in new ServiceError('rate_limited').headers)
})

t.test('what is for the log is on the error and not in its message', async (t) => {
  const cause = new Error('upstream said no')
  const validation = [{ field: 'title', message: 'must be string' }]
  const error = new ServiceError('validation_failed', { detail: 'three checks', cause, validation })
  t.equal(error.detail, 'three checks')
  t.equal(error.cause, cause)
  t.equal(error.validation, validation)
  t.equal(error.message, 'The request is not valid')
  t.type(error, Error)
})
