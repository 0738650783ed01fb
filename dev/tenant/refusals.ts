import { errors } from 'oidc-provider'

// The refusals that Auth0 words in its own way.

export const wrongPassword = () => refusal('invalid_grant', 'Wrong email or password.')

export const unknownAudience = (audience: string) =>
  refusal('access_denied', `Service not found: ${audience}`)

export const missingParameter = (name: string) =>
  new errors.InvalidRequest(`Missing required parameter: ${name}`)

function refusal(error: string, description: string): Error {
  return Object.assign(new errors.CustomOIDCProviderError(error, description), {
    status: 403,
    statusCode: 403,
  })
}
