import { certificateHeaders } from '../http/client-certificate.ts'
import { serviceName } from '../http/service.ts'
import type { IssuerEntry } from './issuer-entry.ts'
import { choice, flag, integer, text } from './parse.ts'
import {
  apiUrlList,
  databaseUrl,
  httpUrl,
  issuerList,
  originList,
  originUrl,
  publicUrl,
  redisUrl,
} from './urls.ts'
import { algorithmList, headerList, hostname, identifierList, proxies, secretList } from './values.ts'
import { defaulted, optional, required, secret } from './variable.ts'
import { webAppVariables } from './web-app.ts' // part: web-app

const logLevel = choice('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')

/** Environment variables of the service. A test compares docs/configuration.md with them. */
export const variables = {
  AUTH0_DOMAIN: required(issuerList, 'issuers whose tokens are accepted'),
  AUTH0_AUDIENCE: required(identifierList, 'API identifiers accepted in `aud`'),
  ISSUERS_FILE: optional(
    text,
    'JSON file of issuers with rules of their own, instead of the two variables above',
  ),
  JWKS_FILE: optional(text, 'JSON file with the key set of the only issuer, which is then not downloaded'),
  HOST: defaulted(hostname, 'localhost', 'address to listen on'),
  PORT: defaulted(integer(0, 65_535), '3000', 'port to listen on'),
  METRICS_HOST: optional(hostname, 'address of the metrics; the default is `HOST`'),
  METRICS_PORT: defaulted(integer(0, 65_535), '0', 'port of the metrics; 0 disables them'),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(httpUrl, 'collector that receives traces'),
  LOG_LEVEL: defaulted(logLevel, 'info', 'pino level'),
  CLIENT_ORIGIN_URL: defaulted(originList, '', 'origins allowed by CORS'),
  CORS_ALLOWED_HEADERS: defaulted(headerList, '', 'further request headers allowed by CORS'),
  DOCS: defaulted(choice('on', 'off'), 'on', 'whether `/docs` and `/openapi.json` are served'),
  DOCS_CLIENT_ID: optional(text, 'client ID that the login on `/docs` proposes'),
  PUBLIC_URL: optional(publicUrl, 'address at which clients reach the API; the default is `BASE_URL`'),
  DATABASE_URL: secret(defaulted(databaseUrl, `file:data/${serviceName}.db`, 'database of the service')),
  DATABASE_POOL_MAX: defaulted(integer(1, 1_000), '10', 'maximum number of PostgreSQL connections'),
  TRUST_PROXY: defaulted(proxies, 'false', 'proxies whose `X-Forwarded-*` headers count'),
  AUTH_ALGORITHMS: defaulted(algorithmList, 'RS256', 'accepted signature algorithms'),
  AUTH_INSECURE_HTTP_ISSUERS: defaulted(flag, 'false', 'allows plain http for issuers off the loopback'),
  AUTH_CLOCK_TOLERANCE_SECONDS: defaulted(integer(0, 300), '30', 'tolerance for `exp`, `nbf` and `iat`'),
  DPOP: defaulted(
    choice('disabled', 'allowed', 'required'),
    'allowed',
    'whether tokens bound to a key are accepted, or required',
  ),
  DPOP_ALGORITHMS: defaulted(
    algorithmList,
    'ES256,EdDSA,RS256',
    'accepted signature algorithms of DPoP proofs',
  ),
  DPOP_PROOF_MAX_AGE_SECONDS: defaulted(integer(5, 300), '60', 'maximum age of a DPoP proof'),
  DPOP_NONCE: defaulted(
    choice('never', 'on-skew', 'always'),
    'on-skew',
    'whether a DPoP proof needs a nonce of the service',
  ),
  DPOP_NONCE_SECRET: secret(optional(secretList, 'secrets of these nonces, newest first')),
  PUBLIC_URLS: defaulted(apiUrlList, '', 'URLs at which clients see the service'),
  CLIENT_CERT_HEADER: optional(
    choice(...certificateHeaders),
    'header in which the proxy passes the certificate of the client',
  ),
  JWKS_MAX_STALE_HOURS: defaulted(integer(1, 720), '24', 'maximum age of a key that cannot be refreshed'),
  TOKEN_CACHE_MAX: defaulted(integer(1, 1_000_000), '10000', 'maximum number of cached tokens'),
  USER_CACHE_MAX: defaulted(integer(1, 1_000_000), '10000', 'maximum number of cached users'),
  RATE_LIMIT_MAX: defaulted(
    integer(0, 1_000_000),
    '0',
    'requests per minute and caller; 0 disables the limit',
  ),
  REDIS_URL: secret(
    optional(redisUrl, 'Redis that the replicas share: request counts, DPoP proofs, news of revocations'),
  ),
  REVOCATION_POLL_SECONDS: defaulted(integer(1, 300), '5', 'time between two reads of the revocations'),
  MAX_TOKEN_LIFETIME_SECONDS: optional(
    integer(60, 31_536_000),
    'maximum lifetime of a token, for which revocations are kept',
  ),
  SHUTDOWN_DELAY_SECONDS: defaulted(integer(0, 600), '0', 'time between the signal and the end of listening'),
  SHUTDOWN_GRACE_SECONDS: defaulted(integer(1, 600), '10', 'time for requests in flight at shutdown'),
  MAX_CONNECTIONS: defaulted(
    integer(0, 1_000_000),
    '0',
    'maximum number of connections; 0 means four fifths of the open file limit',
  ),
  STATE_SECRET: secret(optional(secretList, 'secrets that seal the key sets in the database')),
  TODOS_PER_USER_MAX: defaulted(integer(1, 1_000_000), '10000', 'maximum number of to-dos per user'), // part: todos
  BASE_URL: optional(originUrl, 'public address; the default is `http://localhost:PORT`'),
  ...webAppVariables, // part: web-app
}

export type Variables = typeof variables
type Value<Name extends keyof Variables> = NonNullable<ReturnType<Variables[Name]['parse']>>
type Optional = {
  [Name in keyof Variables]: Variables[Name] extends { kind: 'optional' } ? Name : never
}[keyof Variables]
type Defaulted = 'METRICS_HOST' | 'BASE_URL' | 'PUBLIC_URL'
type Issuers = 'AUTH0_DOMAIN' | 'AUTH0_AUDIENCE' | 'ISSUERS_FILE' | 'JWKS_FILE' | 'AUTH_INSECURE_HTTP_ISSUERS'

/** The parsed environment, with the defaults of the variables. */
export type Values = Readonly<
  { [Name in Exclude<keyof Variables, Optional>]: Value<Name> } & { [Name in Optional]?: Value<Name> }
>

/** The validated environment: typed, frozen, with defaults. */
export type Config = Readonly<Omit<Values, Issuers | Defaulted>> & {
  readonly [Name in Defaulted]: Value<Name>
} & {
  /** Trusted issuers, from `ISSUERS_FILE` or the short form. At least one. */
  readonly ISSUERS: readonly IssuerEntry[]
  /** Identifier of the issuer at which users log in. */
  readonly LOGIN_ISSUER: string
  /** Audience of their access tokens, if the issuer has audiences. */
  readonly LOGIN_AUDIENCE: string | undefined
}
