import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  clockTolerance,
  customFetch,
  discovery,
} from 'openid-client'
import { secureUrl } from '../../http/secure-url.ts'
import { boundedFetch } from './bounded-fetch.ts'
import { Outage } from './outage.ts'

/** Longer than a browser waits: what has begun may be completed behind its back. */
const TIMEOUT_SECONDS = 8

export interface IssuerClientOptions {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Whom the access tokens are for. */
  readonly audience: string
  /** Where people find the web app. */
  readonly baseUrl: string
  readonly clockToleranceSeconds: number
  readonly verifyIdToken: (token: string) => Promise<unknown>
}

/**
 * Reads the issuer's discovery document (OpenID Connect Discovery 1.0, section 4).
 *
 * @throws whatever went wrong; the message is for the log
 */
export async function discover(options: IssuerClientOptions): Promise<Configuration> {
  const { issuer, clientId, clientSecret, clockToleranceSeconds } = options
  const client = { [clockTolerance]: clockToleranceSeconds }
  const configuration = await discovery(new URL(issuer), clientId, client, authenticateWith(clientSecret), {
    timeout: TIMEOUT_SECONDS,
    [customFetch]: boundedFetch,
    execute: [allowInsecureRequests], // of the loopback: boundedFetch refuses all others
  })
  const metadata = configuration.serverMetadata()
  // openid-client compares them as URLs, and forgives some issuers more
  if (metadata.issuer !== issuer)
    throw new Outage(`the discovery document names another issuer than ${issuer}`)
  if (!secureUrl(metadata.authorization_endpoint ?? ''))
    throw new Outage('authorization_endpoint is missing or not https')
  return configuration
}

/** By form where the issuer takes it, as Auth0 does, else by the header (OpenID Connect Core 1.0, 9). */
function authenticateWith(secret: string): ClientAuth {
  const byForm = ClientSecretPost(secret)
  const byHeader = ClientSecretBasic(secret)
  return (metadata, ...rest) => {
    const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    return (methods.includes('client_secret_post') ? byForm : byHeader)(metadata, ...rest)
  }
}
