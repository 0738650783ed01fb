import type { webcrypto } from 'node:crypto'
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  clockTolerance,
  customFetch,
  PrivateKeyJwt,
  type ServerMetadata,
} from 'openid-client'
import type { Issuer } from '../../plugins/auth/index.ts'
import { boundedFetch } from './bounded-fetch.ts'

/** Longer than a browser waits, so that a request in flight can complete after its page was answered. */
export const TIMEOUT_SECONDS = 8

export interface ClientOptions {
  readonly metadata: Pick<Issuer['metadata'], 'endpoint' | 'allows'>
  readonly clientId: string
  readonly clientAuth: ClientAuth
  readonly clockToleranceSeconds: number
}

/**
 * Configures openid-client with a discovery document whose `issuer` has been compared.
 *
 * @throws {Error} when the authorization endpoint is missing or its scheme is not allowed
 */
export function configure(
  document: Readonly<Record<string, unknown>>,
  options: ClientOptions,
): Configuration {
  options.metadata.endpoint(document, 'authorization_endpoint') // the browser is sent there, which boundedFetch does not see
  const configuration = new Configuration(
    document as unknown as ServerMetadata,
    options.clientId,
    { [clockTolerance]: options.clockToleranceSeconds },
    options.clientAuth,
  )
  configuration.timeout = TIMEOUT_SECONDS
  configuration[customFetch] = boundedFetch((url) => options.metadata.allows(url))
  allowInsecureRequests(configuration) // boundedFetch restricts them to issuers to which plain http is allowed
  return configuration
}

/** Authenticates the client by a JWT that the private key signs, or by a secret. */
export function clientAuthOf(secret: string | undefined, key: webcrypto.CryptoKey | undefined): ClientAuth {
  return key === undefined ? authenticateWith(secret as string) : PrivateKeyJwt(key)
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
