import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { corsHeaders } from '../http/cors-headers.ts'
import { requestIds } from '../http/request-id.ts'
import { securityHeaders } from '../http/security-headers.ts'
import { type ErrorDefinition, httpErrors, ServiceError } from './catalogue.ts'

interface ClientError extends Error {
  code?: string
  /** Input that the parser has rejected: a Buffer, although Fastify types it otherwise. */
  rawPacket?: unknown
}

/** Time to read and discard input after the response. Closing at once would reset the connection and lose the response. */
const LINGER_MS = 2_000

/**
 * Creates the handlers of requests that reach no route and no hook.
 *
 * @param origins origins allowed by CORS
 */
export function clientErrorHandlers(origins: readonly string[]) {
  const makeRequestId = requestIds()

  /** Responds to a request whose URL cannot be decoded. */
  function frameworkErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
    const serviceError = new ServiceError(httpErrors.badRequest)
    // The error's message contains the whole URL, whose query string may contain a token
    request.log.info({ code: serviceError.code, detail: error.code }, 'request rejected')
    reply
      .code(serviceError.statusCode)
      .headers({ ...securityHeaders, ...corsHeaders(origins, request.headers.origin) })
      .header('x-request-id', request.id)
      .send(serviceError.body)
  }

  /** Responds to input that is not valid HTTP, and closes the socket. */
  function clientErrorHandler(this: Pick<FastifyInstance, 'log'>, error: ClientError, socket: Socket) {
    if (socket.writableEnded) return // already answered: the parser reports every further chunk
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const serviceError = new ServiceError(byCode[error.code ?? ''] ?? httpErrors.badRequest)
    const reqId = makeRequestId()
    this.log.info({ reqId, code: serviceError.code, detail: error.code }, 'request rejected')
    const body = JSON.stringify(serviceError.body)
    const headers = {
      ...securityHeaders,
      ...corsHeaders(origins, originIn(error.rawPacket) ?? origins[0]),
      'x-request-id': reqId,
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(
      `HTTP/1.1 ${serviceError.statusCode} ${serviceError.body.error}\r\n${lines.join('')}\r\n${body}`,
    )
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }

  return { frameworkErrors, clientErrorHandler }
}

/** Returns the `Origin` header if the packet contains it. Long headers arrive in several packets. */
function originIn(packet: unknown): string | undefined {
  return /^origin:[ \t]*(\S+)/im.exec((packet as Buffer | undefined)?.toString('latin1') ?? '')?.[1]
}

const byCode: Record<string, ErrorDefinition> = {
  HPE_HEADER_OVERFLOW: httpErrors.headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: httpErrors.requestTimeout,
}
