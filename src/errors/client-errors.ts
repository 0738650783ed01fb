import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { securityHeaders } from '../http/security-headers.ts'
import { type ErrorDefinition, httpErrors, ServiceError } from './catalogue.ts'

/** Responds to a request whose URL cannot be decoded. No hook has run at that point. */
export function answerBadUrl(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const serviceError = new ServiceError(httpErrors.badRequest)
  // The error's message contains the whole URL, whose query string may contain a token
  request.log.info({ code: serviceError.code, detail: error.code }, 'request rejected')
  reply.code(serviceError.statusCode).headers(securityHeaders).send(serviceError.body)
}

/** Time to read and discard input after the response. Closing at once would reset the connection and lose the response. */
const LINGER_MS = 2_000

/** Responds to input that is not valid HTTP, and closes the socket. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket) {
  if (socket.writableEnded) return // already answered: the parser reports every further chunk
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const serviceError = new ServiceError(byCode[error.code ?? ''] ?? httpErrors.badRequest)
  const body = JSON.stringify(serviceError.body)
  const headers = {
    ...securityHeaders,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${serviceError.statusCode} ${serviceError.body.error}\r\n${lines.join('')}\r\n${body}`)
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

const byCode: Record<string, ErrorDefinition> = {
  HPE_HEADER_OVERFLOW: httpErrors.headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: httpErrors.requestTimeout,
}
