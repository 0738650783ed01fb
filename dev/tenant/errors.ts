import { errors } from 'oidc-provider'

// Errors for which Auth0 has a wording of its own.

export const wrongPassword = () => auth0Error('invalid_grant', 'Wrong email or password.')

export const unknownAudience = (audience: string) =>
  auth0Error('access_denied', `Service not found: ${audience}`)

export const missingParameter = (name: string) =>
  new errors.InvalidRequest(`Missing required parameter: ${name}`)

export const missingCertificate = () =>
  new errors.InvalidRequest('The application requires a request with exactly one client certificate')

function auth0Error(error: string, description: string): Error {
  return Object.assign(new errors.CustomOIDCProviderError(error, description), {
    status: 403,
    statusCode: 403,
  })
}
