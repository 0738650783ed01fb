import { Ajv } from 'ajv'
import envSchema from 'env-schema'
import { type Static, Type } from 'typebox'
import { ConfigError } from '../errors/config-error.ts'
import {
  algorithmList,
  databaseUrl,
  hostname,
  httpUrl,
  identifierList,
  issuerList,
  originList,
  type Parse,
  proxies,
  redisUrl,
  secretList,
} from './values.ts'

/**
 * The environment variables of the service: the one place that names them, their defaults and what they mean.
 * docs/configuration.md is held against it by a test.
 */
export const configSchema = Type.Object({
  AUTH0_DOMAIN: parsed(issuerList, 'issuers whose tokens are accepted'),
  AUTH0_AUDIENCE: parsed(identifierList, 'API identifiers accepted in `aud`'),
  HOST: parsed(hostname, 'address it listens on', '127.0.0.1'),
  PORT: integer(0, 65_535, 'port it listens on', 3000),
  METRICS_PORT: integer(0, 65_535, 'port of the metrics, on the same address; 0 is off', 0),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(parsed(httpUrl, 'collector that traces are sent to')),
  LOG_LEVEL: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'pino level', 'info'),
  CLIENT_ORIGIN_URL: parsed(originList, 'origins allowed by CORS', ''),
  DATABASE_URL: parsed(databaseUrl, 'where people, to-dos and sessions are kept', 'file:data/gatehouse.db'),
  TRUST_PROXY: parsed(proxies, 'proxies whose `X-Forwarded-*` headers count', 'false'),
  AUTH_ALGORITHMS: parsed(algorithmList, 'signature algorithms accepted', 'RS256'),
  AUTH_CLOCK_TOLERANCE_SECONDS: integer(0, 300, 'leeway for `exp`, `nbf` and `iat`', 5),
  JWKS_MAX_STALE_HOURS: integer(1, 720, 'how long a key outlives its last good fetch', 24),
  RATE_LIMIT_MAX: integer(0, 1_000_000, 'requests a minute and caller; 0 is off', 0),
  REDIS_URL: Type.Optional(parsed(redisUrl, 'where replicas count requests together')),
  SHUTDOWN_DELAY_SECONDS: integer(0, 600, 'time to serve on at shutdown, unready, until balancers know', 0),
  SHUTDOWN_GRACE_SECONDS: integer(1, 600, 'time for requests in flight at shutdown', 10),
  MAX_CONNECTIONS: integer(
    0,
    1_000_000,
    'connections at a time; 0 is four fifths of the open files allowed',
    0,
  ),
  AUTH0_CLIENT_ID: Type.Optional(parsed(text, 'client of the web app')),
  AUTH0_CLIENT_SECRET: Type.Optional(parsed(text, 'its secret')),
  SESSION_SECRET: Type.Optional(parsed(secretList, 'keys of the sessions, newest first')),
  BASE_URL: Type.Optional(parsed(httpUrl, 'address people use; default `http://localhost:PORT`')),
  API_SERVER_URL: Type.Optional(parsed(httpUrl, 'whose messages the web app shows; default `BASE_URL`')),
})

/** The checked environment: typed, frozen, defaults filled in. */
export type Config = Readonly<
  Static<typeof configSchema> & Required<Pick<Static<typeof configSchema>, 'BASE_URL' | 'API_SERVER_URL'>>
>

/** Validates with `@fastify/env`'s engine; understands the keyword that {@link parsed} puts in the schema. */
export const configAjv = new Ajv({
  allErrors: true,
  removeAdditional: true,
  useDefaults: true,
  coerceTypes: true,
  keywords: ['expected', { keyword: 'parse', modifying: true, errors: false, validate: parseInPlace }],
})

/**
 * Reads the configuration from environment variables. An empty variable counts as absent, as compose files
 * pass it.
 *
 * @throws {ConfigError} with every fault at once
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const data = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()))
  const faults = webAppFaults(data)
  try {
    const env = envSchema<Static<typeof configSchema>>({
      schema: configSchema,
      data,
      env: false,
      ajv: configAjv,
    })
    faults.push(...portFaults(env))
    if (faults.length === 0) {
      const BASE_URL = env.BASE_URL ?? `http://localhost:${env.PORT}`
      return Object.freeze({ ...env, BASE_URL, API_SERVER_URL: env.API_SERVER_URL ?? BASE_URL })
    }
  } catch (error) {
    faults.unshift(...(error as SchemaFailure).errors.map(describe)) // nothing else is thrown here
  }
  throw new ConfigError(faults)
}

interface SchemaFailure {
  errors: { instancePath: string; params: { missingProperty?: string } }[]
}

function describe({ instancePath, params }: SchemaFailure['errors'][number]): string {
  const name = params.missingProperty ?? instancePath.slice(1)
  const { expected } = configSchema.properties[name as keyof Config] as unknown as { expected: string }
  return `${name} is ${params.missingProperty ? 'missing' : 'wrong'}: expected ${expected}`
}

function webAppFaults(data: NodeJS.ProcessEnv): string[] {
  const names = ['AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET', 'SESSION_SECRET']
  const missing = names.filter((name) => data[name] === undefined)
  if (missing.length === names.length) return []
  return missing.map(
    (name) => `${name} is missing: the web app needs all of ${names.join(', ')}, or none of them`,
  )
}

function portFaults({ PORT, METRICS_PORT }: Static<typeof configSchema>): string[] {
  const isShared = METRICS_PORT !== 0 && METRICS_PORT === PORT
  return isShared ? ['METRICS_PORT is wrong: expected another port than PORT'] : []
}

function text(value: string) {
  return value
}
text.expected = 'text'

/** A variable read by one of the parsers of config-values.ts. */
function parsed<T>(parse: Parse<T>, description: string, fallback?: string) {
  return Type.Unsafe<T>({
    parse,
    expected: parse.expected,
    description,
    ...(fallback === undefined ? {} : { default: fallback }),
  })
}

function integer(minimum: number, maximum: number, description: string, fallback: number) {
  const expected = `a whole number from ${minimum} to ${maximum}`
  return Type.Integer({ minimum, maximum, description, expected, default: fallback })
}

function choice<const T extends string>(values: T[], description: string, fallback: T) {
  return Type.Unsafe<T>({
    enum: values,
    description,
    expected: `one of ${values.join(', ')}`,
    default: fallback,
  })
}

function parseInPlace(
  parse: Parse<unknown>,
  value: unknown,
  _schema?: unknown,
  place?: { parentData: Record<string | number, unknown>; parentDataProperty: string | number },
): boolean {
  if (typeof value !== 'string') return true // parsed before: the schema accepts its own result
  const result = parse(value.trim())
  if (result === undefined) return false
  if (place) place.parentData[place.parentDataProperty] = result
  return true
}
