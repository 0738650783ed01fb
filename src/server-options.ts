import type { Server } from 'node:http'
import AjvCompiler, { type BuildCompilerFromPool, type RouteDefinition } from '@fastify/ajv-compiler'
import { type FastifyHttpOptions, type FastifyRequest, LogController } from 'fastify'
import type { Config } from './config/index.ts'
import { answerBadUrl, answerClientError } from './errors/client-errors.ts'
import { clientAddress } from './http/client-address.ts'

/** Returns the options that Fastify needs before the application is registered: limits, timeouts, logger, validator. */
export function serverOptions(config: Config) {
  const proxies = config.TRUST_PROXY
  return {
    logger: loggerOptions(config),
    logController: new LogController({ disableRequestLogging: true }), // plugins/access-log.ts writes one line instead of two
    genReqId: requestIds(),
    trustProxy: typeof proxies === 'number' ? (_address: string, hop: number) => hop < proxies : proxies,
    pluginTimeout: 30_000, // starting on a busy machine is slow
    bodyLimit: 65_536,
    connectionTimeout: 30_000, // without progress in either direction, such as a response that is not read
    maxRequestsPerSocket: 10_000,
    requestTimeout: 30_000, // for receiving the whole request
    keepAliveTimeout: 75_000, // longer than the 60 s after which common load balancers drop an idle connection
    http: {
      headersTimeout: 15_000,
      connectionsCheckingInterval: 5_000, // Node's default of 30 s would delay the timeouts above
      requireHostHeader: false, // plugins/request-smuggling.ts does
    },
    return503OnClosing: false, // requests on open connections are served during shutdown
    routerOptions: { ignoreTrailingSlash: true },
    ajv: { customOptions: { allErrors: true } }, // a 400 names every bad field; bodies are small
    schemaController: { compilersFactory: { buildValidator } },
    frameworkErrors: answerBadUrl,
    clientErrorHandler: answerClientError,
  } satisfies FastifyHttpOptions<Server>
}

/** Generates IDs that are unique across processes. A random UUID per request would cost 2 % of a short request. */
function requestIds(): () => string {
  const prefix = crypto.randomUUID().slice(0, 8)
  let count = 0
  return () => `${prefix}-${++count}`
}

/** Size of log lines in memory from which further lines are dropped. */
const MAX_UNREAD_LOG_BYTES = 1_048_576

/**
 * Standard output without waiting for its reader. pino's default destination blocks the event loop while a pipe is full,
 * and the process could not even end.
 */
const stdout = {
  write(line: string) {
    if (process.stdout.writableLength < MAX_UNREAD_LOG_BYTES) process.stdout.write(line)
  },
}

/** Logs JSON lines, or readable lines on a terminal. */
function loggerOptions({ LOG_LEVEL }: Config) {
  return {
    level: LOG_LEVEL,
    serializers: { req: describeRequest },
    redact: { paths: secretPaths, censor: '[redacted]' },
    ...(process.stdout.isTTY
      ? { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } }
      : { stream: stdout }),
  }
}

/** Explicit paths. With a wildcard pino would search every binding of every request's logger. */
const secretPaths = ['', 'req.', 'res.', 'request.', 'response.', 'err.'].flatMap((place) => [
  `${place}headers.authorization`,
  `${place}headers.cookie`,
  `${place}headers["set-cookie"]`,
])

/** Omits headers and the query string, which may contain a token (RFC 6750, section 2.3). */
function describeRequest(request: FastifyRequest) {
  return { method: request.method, path: request.url.split('?', 1)[0], remoteAddress: clientAddress(request) }
}

const build = AjvCompiler.default()

/**
 * Validates like Fastify, except that bodies are not coerced: the number 5 is not a valid title. Paths and queries are
 * text, from which numbers are read.
 */
export const buildValidator: BuildCompilerFromPool = (schemas, options) => {
  const literal = { ...options, customOptions: { ...options?.customOptions, coerceTypes: false } }
  const forBodies = build(schemas, literal as typeof options)
  // `?limit=1e999` is parsed as Infinity. With strict numbers Ajv would not compare it with the maximum
  const read = { ...options, customOptions: { ...options?.customOptions, strictNumbers: false } }
  const forOthers = build(schemas, read as typeof options)
  // The package types the argument as a schema, but Fastify passes a route definition
  return (route) => ((route as RouteDefinition).httpPart === 'body' ? forBodies(route) : forOthers(route))
}
