import { STATUS_CODES } from 'node:http'
import t from 'tap'
import { define, type ErrorDefinition, httpErrors, ServiceError } from '../../src/errors/catalogue.ts'
import { challenge } from '../../src/plugins/auth/errors.ts'
import { knownErrors } from '../helpers/known-errors.ts'

type Row = [status: number, code: string, message: string, challenge?: string]

const described = (description: string) =>
  `Bearer realm="api", error="invalid_token", error_description="${description}"`

/** Every public error, as documented. */
const rows: Record<keyof typeof knownErrors, Row> = {
  missing: [401, 'missing_token', 'Authentication credentials were not provided.', 'Bearer realm="api"'],
  malformedHeader: [401, 'invalid_token', 'Invalid token headers', described('Invalid token headers')],
  expired: [401, 'invalid_token', 'token is expired', described('token is expired')],
  notYetValid: [
    401,
    'invalid_token',
    'token is not yet valid; check the clock',
    described('token is not yet valid; check the clock'),
  ],
  revoked: [401, 'invalid_token', 'The token was revoked', described('The token was revoked')],
  bound: [401, 'invalid_token', 'The token is bound to a key', described('The token is bound to a key')],
  notBound: [
    401,
    'invalid_token',
    'The token is not bound to a key',
    described('The token is not bound to a key'),
  ],
  boundToCertificate: [
    401,
    'invalid_token',
    'The token is bound to a certificate',
    described('The token is bound to a certificate'),
  ],
  invalidProof: [
    401,
    'invalid_dpop_proof',
    'The DPoP proof is missing or not acceptable',
    'Bearer realm="api", error="invalid_dpop_proof", error_description="The DPoP proof is missing or not acceptable"',
  ],
  useNonce: [
    401,
    'use_dpop_nonce',
    'The DPoP proof needs the nonce of the header DPoP-Nonce',
    'Bearer realm="api", error="use_dpop_nonce", error_description="The DPoP proof needs the nonce of the header DPoP-Nonce"',
  ],
  wrongClaims: [
    401,
    'invalid_token',
    'incorrect claims, please check the audience and issuer',
    described('incorrect claims, please check the audience and issuer'),
  ],
  unusable: [
    401,
    'invalid_token',
    'Unable to parse authentication',
    described('Unable to parse authentication'),
  ],
  insufficientScope: [
    403,
    'insufficient_scope',
    "You don't have access to this resource",
    `Bearer realm="api", error="insufficient_scope", error_description="You don't have access to this resource", scope="read:things write:things"`,
  ],
  insufficientPermissions: [
    403,
    'insufficient_permissions',
    'Permission denied',
    'Bearer realm="api", error="insufficient_scope", error_description="Permission denied", scope="read:things write:things"',
  ],
  insufficientAuthentication: [
    401,
    'insufficient_user_authentication',
    'A stronger or more recent log-in is required',
    'Bearer realm="api", error="insufficient_user_authentication", error_description="A stronger or more recent log-in is required"',
  ],
  insufficientRole: [403, 'insufficient_role', 'You do not have the required role'],
  insufficientClaims: [403, 'insufficient_claims', 'The claims of the token do not allow this'],
  forbidden: [403, 'forbidden', 'You are not allowed to do this'],
  severalTokens: [
    400,
    'invalid_request',
    'The request contains more than one access token',
    'Bearer realm="api", error="invalid_request", error_description="The request contains more than one access token"',
  ],
  issuerUnavailable: [503, 'issuer_unavailable', 'The identity provider cannot be reached'],
  unavailable: [503, 'store_unavailable', 'The database cannot be reached'],
  userDeleted: [409, 'user_deleted', 'The user was deleted; the next request creates a new one'],
  limitReached: [409, 'limit_reached', 'The maximum number of these resources is reached; delete one first'], // part: todos
  // part: web-app
  denied: [400, 'login_failed', 'The identity provider denied the login'],
  unknownTransaction: [
    400,
    'login_failed',
    'This login was started in another browser, was already completed or took too long. Please log in again.',
  ],
  failed: [400, 'login_failed', 'The login could not be completed. Please log in again.'],
  otherLevel: [
    400,
    'login_failed',
    'The identity provider has not performed the stronger or more recent login that the page requires',
  ],
  otherOrganization: [
    400,
    'login_failed',
    'The identity provider has not performed the login for the requested organization',
  ],
  emailNotVerified: [
    403,
    'email_not_verified',
    'Your email address is not verified. Please verify it, then log in again.',
  ],
  crossSiteRequest: [403, 'cross_site_request', 'The request comes from another site'],
  invalidLogoutToken: [400, 'invalid_logout_token', 'The logout token is not acceptable'],
  // end
  misdirectedRequest: [421, 'misdirected_request', 'The request is for another host'],
  apiUnavailable: [503, 'api_unavailable', 'The API cannot be reached'], // part: web-app
  notFound: [404, 'not_found', 'Not Found'],
  methodNotAllowed: [405, 'method_not_allowed', 'The method is not supported'],
  validationFailed: [400, 'validation_failed', 'The request is not valid'],
  badRequest: [400, 'bad_request', 'The request cannot be understood'],
  bodyTooLarge: [413, 'body_too_large', 'The body is larger than 64 KiB'],
  unsupportedMediaType: [415, 'unsupported_media_type', 'The content type is not supported'],
  expectationFailed: [417, 'expectation_failed', 'The expectation cannot be met'],
  headersTooLarge: [431, 'headers_too_large', 'The headers are too large'],
  requestTimeout: [408, 'request_timeout', 'The request took too long to arrive'],
  rateLimited: [429, 'rate_limited', 'Too many requests'],
  overloaded: [503, 'overloaded', 'The service is overloaded'],
  internalError: [500, 'internal_error', 'Internal Server Error'],
}

for (const [name, [statusCode, code, message, expected]] of Object.entries(rows)) {
  t.test(`${name} is ${statusCode} ${code}`, async (t) => {
    const definition = knownErrors[name as keyof typeof knownErrors]
    t.strictSame(definition, { code, statusCode, message })
    t.ok(STATUS_CODES[statusCode])
    t.match(new ServiceError(definition), { name: 'ServiceError', statusCode, code, message })
    const scope = statusCode === 403 ? ['read:things', 'write:things'] : []
    if (expected) t.strictSame(challenge(definition, scope), { 'www-authenticate': expected })
  })
}

t.test('the expected errors are all errors of the catalogues', async (t) => {
  t.strictSame(Object.keys(rows).sort(), Object.keys(knownErrors).sort())
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

const unavailable: ErrorDefinition = define('unavailable', 503, 'Unavailable')

t.test('Retry-After is rounded up to whole seconds', async (t) => {
  const retryAfter = (retryAfterSeconds: number) =>
    new ServiceError(unavailable, { retryAfterSeconds }).headers['retry-after']
  t.equal(retryAfter(5), '5')
  t.equal(retryAfter(4.001), '5')
  t.equal(retryAfter(0), '0')
  t.notOk('retry-after' in new ServiceError(httpErrors.rateLimited).headers)
})

t.test('detail and cause are properties of the error and not in its message', async (t) => {
  const cause = new Error('upstream said no')
  const validation = [{ field: 'title', message: 'must be string' }]
  const error = new ServiceError(httpErrors.validationFailed, { detail: 'three checks', cause, validation })
  t.equal(error.detail, 'three checks')
  t.equal(error.cause, cause)
  t.equal(error.validation, validation)
  t.equal(error.message, 'The request is not valid')
  t.type(error, Error)
})

t.test(
  'the body has four fields, and one entry in `validation` for each field that is not valid',
  async (t) => {
    const cause = new Error('ECONNREFUSED 10.0.0.1')
    const error = new ServiceError(unavailable, { detail: 'down', retryAfterSeconds: 5, cause })
    t.strictSame(error.body, {
      statusCode: 503,
      code: 'unavailable',
      error: 'Service Unavailable',
      message: 'Unavailable',
    })
    const validation = [{ field: 'title', message: 'must be string' }]
    t.strictSame(new ServiceError(httpErrors.validationFailed, { validation }).body, {
      statusCode: 400,
      code: 'validation_failed',
      error: 'Bad Request',
      message: 'The request is not valid',
      validation,
    })
  },
)
