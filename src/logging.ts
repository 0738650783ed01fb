import type { FastifyRequest } from 'fastify'
import type { Config } from './config.ts'

/** JSON lines; for a person at a terminal, readable ones. */
export function loggerOptions({ LOG_LEVEL }: Config) {
  return {
    level: LOG_LEVEL,
    serializers: { req: describeRequest },
    redact: {
      paths: ['authorization', 'cookie', '["set-cookie"]'].flatMap((name) => [
        `headers.${name}`.replace('.[', '['),
        `*.headers.${name}`.replace('.[', '['),
      ]),
      censor: '[redacted]',
    },
    ...(process.stdout.isTTY
      ? { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } }
      : {}),
  }
}

/** Without the query string, where a careless client may have put a token (RFC 6750, section 2.3), and without headers. */
function describeRequest(request: FastifyRequest) {
  return { method: request.method, path: request.url.split('?', 1)[0], remoteAddress: request.ip }
}
