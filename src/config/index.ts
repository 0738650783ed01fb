import envSchema from 'env-schema'
import { ConfigError } from '../errors/config-error.ts'
import {
  algorithmList,
  choice,
  databaseUrl,
  hostname,
  httpUrl,
  identifierList,
  integer,
  issuerList,
  originList,
  type Parse,
  proxies,
  redisUrl,
  secretList,
  text,
} from './values.ts'

const logLevel = choice('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')

/** Environment variables of the service. A test compares docs/configuration.md with them. */
const variables = {
  AUTH0_DOMAIN: required(issuerList, 'issuers whose tokens are accepted'),
  AUTH0_AUDIENCE: required(identifierList, 'API identifiers accepted in `aud`'),
  HOST: defaulted(hostname, 'localhost', 'address to listen on'),
  PORT: defaulted(integer(0, 65_535), '3000', 'port to listen on'),
  METRICS_PORT: defaulted(integer(0, 65_535), '0', 'port of the metrics, on the same address; 0 disables it'),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(httpUrl, 'collector that receives traces'),
  LOG_LEVEL: defaulted(logLevel, 'info', 'pino level'),
  CLIENT_ORIGIN_URL: defaulted(originList, '', 'origins allowed by CORS'),
  DATABASE_URL: defaulted(databaseUrl, 'file:data/gatehouse.db', 'database of users, to-dos and sessions'),
  TRUST_PROXY: defaulted(proxies, 'false', 'proxies whose `X-Forwarded-*` headers count'),
  AUTH_ALGORITHMS: defaulted(algorithmList, 'RS256', 'accepted signature algorithms'),
  AUTH_CLOCK_TOLERANCE_SECONDS: defaulted(integer(0, 300), '30', 'tolerance for `exp`, `nbf` and `iat`'),
  JWKS_MAX_STALE_HOURS: defaulted(integer(1, 720), '24', 'maximum age of a key that cannot be refreshed'),
  RATE_LIMIT_MAX: defaulted(
    integer(0, 1_000_000),
    '0',
    'requests per minute and caller; 0 disables the limit',
  ),
  REDIS_URL: optional(redisUrl, 'Redis that holds the request counts of all replicas'),
  SHUTDOWN_DELAY_SECONDS: defaulted(integer(0, 600), '0', 'time between the signal and the end of listening'),
  SHUTDOWN_GRACE_SECONDS: defaulted(integer(1, 600), '10', 'time for requests in flight at shutdown'),
  MAX_CONNECTIONS: defaulted(
    integer(0, 1_000_000),
    '0',
    'maximum number of connections; 0 means four fifths of the open file limit',
  ),
  AUTH0_CLIENT_ID: optional(text, 'client ID of the web app'),
  AUTH0_CLIENT_SECRET: optional(text, 'client secret of the web app'),
  SESSION_SECRET: optional(secretList, 'session keys, newest first'),
  BASE_URL: optional(httpUrl, 'public address; the default is `http://localhost:PORT`'),
  API_SERVER_URL: optional(httpUrl, 'API that the web app calls; the default is `BASE_URL`'),
}

type Variables = typeof variables
type Value<Name extends keyof Variables> = NonNullable<ReturnType<Variables[Name]['parse']>>
type Optional = {
  [Name in keyof Variables]: Variables[Name] extends { kind: 'optional' } ? Name : never
}[keyof Variables]
type Derived = 'BASE_URL' | 'API_SERVER_URL'

/** The validated environment: typed, frozen, with defaults. */
export type Config = Readonly<
  { [Name in Exclude<keyof Variables, Exclude<Optional, Derived>>]: Value<Name> } & {
    [Name in Exclude<Optional, Derived>]?: Value<Name>
  }
>

const entries = Object.entries<Variable>(variables)

/** JSON schema of the environment before parsing: every variable is a string. */
export const configSchema = {
  type: 'object',
  required: entries.filter(([, { kind }]) => kind === 'required').map(([name]) => name),
  properties: Object.fromEntries(
    entries.map(([name, { description, fallback }]) => [
      name,
      { type: 'string', description, ...(fallback === undefined ? {} : { default: fallback }) },
    ]),
  ),
}

/**
 * Reads the configuration from environment variables. An empty variable counts as absent, since compose files pass
 * unset variables as empty ones.
 *
 * @throws {ConfigError} listing every fault
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const data = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()))
  const { texts, missing } = validate(data)
  const faults = [...missing]
  const values: Record<string, unknown> = {}
  for (const [name, { parse }] of entries) {
    const value = texts[name] === undefined ? undefined : parse(texts[name].trim())
    if (value !== undefined) values[name] = value
    else if (texts[name] !== undefined) faults.push(`${name} is wrong: expected ${parse.expected}`)
  }
  const config = values as unknown as Config
  faults.push(...webAppFaults(data), ...portFaults(config))
  if (faults.length > 0) throw new ConfigError(faults)
  const BASE_URL = config.BASE_URL ?? `http://localhost:${config.PORT}`
  return Object.freeze({ ...config, BASE_URL, API_SERVER_URL: config.API_SERVER_URL ?? BASE_URL })
}

/** Fills in the defaults. Only a missing variable can fail, since the schema knows nothing but strings. */
function validate(data: NodeJS.ProcessEnv): { texts: NodeJS.ProcessEnv; missing: string[] } {
  try {
    return { texts: envSchema<NodeJS.ProcessEnv>({ schema: configSchema, data, env: false }), missing: [] }
  } catch (error) {
    const { errors } = error as { errors: { params: { missingProperty: keyof Variables } }[] }
    const missing = errors.map(({ params: { missingProperty: name } }) => name)
    return {
      texts: data,
      missing: missing.map((name) => `${name} is missing: expected ${variables[name].parse.expected}`),
    }
  }
}

function webAppFaults(data: NodeJS.ProcessEnv): string[] {
  const names = ['AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET', 'SESSION_SECRET']
  const missing = names.filter((name) => data[name] === undefined)
  if (missing.length === names.length) return []
  return missing.map(
    (name) => `${name} is missing: the web app needs all of ${names.join(', ')}, or none of them`,
  )
}

function portFaults({ PORT, METRICS_PORT }: Config): string[] {
  const isShared = METRICS_PORT !== undefined && METRICS_PORT !== 0 && METRICS_PORT === PORT
  return isShared ? ['METRICS_PORT is wrong: expected another port than PORT'] : []
}

interface Variable<T = unknown> {
  kind: 'required' | 'optional' | 'defaulted'
  parse: Parse<T>
  description: string
  fallback?: string
}

function required<T>(parse: Parse<T>, description: string) {
  return { kind: 'required', parse, description } as const
}

function optional<T>(parse: Parse<T>, description: string) {
  return { kind: 'optional', parse, description } as const
}

function defaulted<T>(parse: Parse<T>, fallback: string, description: string) {
  return { kind: 'defaulted', parse, description, fallback } as const
}
