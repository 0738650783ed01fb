import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { securityHeaders } from '../http/security-headers.ts'
import { errorBody } from './body.ts'
import { type ErrorName, ServiceError } from './catalogue.ts'

/** Answers a request whose URL cannot be decoded; no hook has seen it. */
export function answerBadUrl(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const refusal = new ServiceError('bad_request')
  // The error's message holds the whole URL, and its query string a careless client's token
  request.log.info({ code: refusal.code, detail: error.code }, 'request refused')
  reply.code(refusal.statusCode).headers(securityHeaders).send(errorBody(refusal))
}

/** How long what still comes after the answer is read and dropped: closed at once, the connection would be reset, and the answer lost. */
const LINGER_MS = 2_000

/** Answers what the HTTP parser gave up on; there is a socket only, and it is closed. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket) {
  if (socket.writableEnded) return // the parser gives up on each further piece
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const refusal = new ServiceError(names[error.code ?? ''] ?? 'bad_request')
  const body = JSON.stringify(errorBody(refusal))
  const headers = {
    ...securityHeaders,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${refusal.statusCode} ${errorBody(refusal).error}\r\n${lines.join('')}\r\n${body}`)
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

const names: Record<string, ErrorName> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}
