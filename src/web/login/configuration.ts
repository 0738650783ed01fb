import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  clockTolerance,
  customFetch,
  type ServerMetadata,
} from 'openid-client'
import { endpointOf } from '../../plugins/auth/index.ts'
import { boundedFetch } from './bounded-fetch.ts'

/** Longer than a browser waits, so that a request in flight can complete after its page was answered. */
const TIMEOUT_SECONDS = 8

export interface ClientOptions {
  readonly clientId: string
  readonly clientSecret: string
  readonly clockToleranceSeconds: number
}

/**
 * Configures openid-client with a discovery document whose `issuer` has been compared.
 *
 * @throws {Error} when the authorization endpoint is missing or not https, except for an issuer on the loopback
 */
export function configure(
  document: Readonly<Record<string, unknown>>,
  options: ClientOptions,
): Configuration {
  endpointOf(document, 'authorization_endpoint') // the browser is sent there, which boundedFetch does not see
  const configuration = new Configuration(
    document as unknown as ServerMetadata,
    options.clientId,
    { [clockTolerance]: options.clockToleranceSeconds },
    authenticateWith(options.clientSecret),
  )
  configuration.timeout = TIMEOUT_SECONDS
  configuration[customFetch] = boundedFetch(String(document.issuer))
  allowInsecureRequests(configuration) // boundedFetch restricts them to an issuer on the loopback
  return configuration
}

/** Sends the secret in the form if the issuer supports it, as Auth0 does, else by Basic (OpenID Connect Core 1.0, 9). */
function authenticateWith(secret: string): ClientAuth {
  const byForm = ClientSecretPost(secret)
  const byHeader = ClientSecretBasic(secret)
  return (metadata, ...rest) => {
    const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    return (methods.includes('client_secret_post') ? byForm : byHeader)(metadata, ...rest)
  }
}
