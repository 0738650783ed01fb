import type { Server } from 'node:http'
import { type FastifyHttpOptions, type FastifyRequest, LogController } from 'fastify'
import type { Config } from './config/index.ts'
import { clientErrorHandlers } from './errors/client-errors.ts'
import { clientAddress } from './http/client-address.ts'
import { givenRequestId, requestIds } from './http/request-id.ts'
import { makeRequestLogger } from './http/request-logger.ts'
import { buildValidator } from './schemas/validator.ts'

/** Returns the options that Fastify needs before the application is registered: limits, timeouts, logger, validator. */
export function serverOptions(config: Config) {
  const proxies = config.TRUST_PROXY
  const makeRequestId = requestIds()
  return {
    logger: loggerOptions(config),
    logController: new LogController({ disableRequestLogging: true }), // plugins/access-log.ts writes one line instead of two
    genReqId: ({ headers }) => givenRequestId(headers['x-request-id']) ?? makeRequestId(),
    childLoggerFactory: makeRequestLogger,
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
    ...clientErrorHandlers(config.CLIENT_ORIGIN_URL),
  } satisfies FastifyHttpOptions<Server>
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
