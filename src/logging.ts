import type { FastifyRequest } from 'fastify'
import type { Config } from './config.ts'

/** JSON lines; for a person at a terminal, readable ones. */
export function loggerOptions({ LOG_LEVEL }: Config) {
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
  return { method: request.method, path: request.url.split('?', 1)[0], remoteAddress: request.ip }
}
