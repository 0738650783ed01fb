import type { Server } from 'node:http'
import AjvCompiler, { type BuildCompilerFromPool, type RouteDefinition } from '@fastify/ajv-compiler'
import { type FastifyHttpOptions, type FastifyRequest, LogController } from 'fastify'
import type { Config } from './config/index.ts'
import { answerBadUrl, answerBrokenRequest } from './errors/client-errors.ts'
import { clientAddress } from './http/client-address.ts'

/** Options that Fastify needs before the application can be registered: limits, time-outs, logger, validator. */
export function serverOptions(config: Config) {
  const proxies = config.TRUST_PROXY
  return {
    logger: loggerOptions(config),
    logController: new LogController({ disableRequestLogging: true }), // plugins/access-log.ts writes one line instead of two
    genReqId: requestIds(),
    trustProxy: typeof proxies === 'number' ? (_address: string, hop: number) => hop < proxies : proxies,
    pluginTimeout: 30_000, // a start on a busy machine is slow, and no fault
    bodyLimit: 65_536,
    connectionTimeout: 30_000, // without progress in either direction, such as a response that is not read
    maxRequestsPerSocket: 10_000,
    requestTimeout: 30_000, // the whole request has to arrive in this time
    keepAliveTimeout: 75_000, // longer than the 60 s after which common load balancers drop an idle connection
    http: {
      headersTimeout: 15_000,
      connectionsCheckingInterval: 5_000, // Node looks every 30 s otherwise, whatever the times
      requireHostHeader: false, // plugins/strict-http.ts does
    },
    return503OnClosing: false, // what still arrives on an open connection during shutdown is served
    routerOptions: { ignoreTrailingSlash: true },
    ajv: { customOptions: { allErrors: true } }, // a 400 names every bad field; bodies are small
    schemaController: { compilersFactory: { buildValidator } },
    frameworkErrors: answerBadUrl,
    clientErrorHandler: answerBrokenRequest,
  } satisfies FastifyHttpOptions<Server>
}

/** Makes ids that are unique across processes. A random UUID for each request would cost 2 % of a short one. */
function requestIds(): () => string {
  const prefix = crypto.randomUUID().slice(0, 8)
  let count = 0
  return () => `${prefix}-${++count}`
}

/** JSON lines; for a person at a terminal, readable ones. */
function loggerOptions({ LOG_LEVEL }: Config) {
  return {
    level: LOG_LEVEL,
    serializers: { req: describeRequest },
    redact: { paths: secretPaths, censor: '[redacted]' },
    ...(process.stdout.isTTY
      ? { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } }
      : {}),
  }
}

/** Places by name: a wildcard among them would have pino search every binding of every request's logger. */
const secretPaths = ['', 'req.', 'res.', 'request.', 'response.', 'err.'].flatMap((place) => [
  `${place}headers.authorization`,
  `${place}headers.cookie`,
  `${place}headers["set-cookie"]`,
])

/** Without the query string, where a careless client may have put a token (RFC 6750, section 2.3), and without headers. */
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
  // `?limit=1e999` is read as Infinity, which the strict mode takes for no number and holds to no maximum
  const read = { ...options, customOptions: { ...options?.customOptions, strictNumbers: false } }
  const forOthers = build(schemas, read as typeof options)
  // A route's part with its schema, and not the schema, as the package's types have it
  return (route) => ((route as RouteDefinition).httpPart === 'body' ? forBodies(route) : forOthers(route))
}
