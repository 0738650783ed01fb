import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { httpErrors, ServiceError } from '../errors/catalogue.ts'

/** A common limit of servers and proxies. Node ignores headers after the 2,000th silently. */
const MAX_HEADERS = 100

/**
 * Rejects requests that Node accepts but a proxy may interpret differently. Invalid HTTP is rejected by
 * errors/client-errors.ts.
 */
export default fp(
  async (app) => {
    const distrusted = new WeakSet<Socket>()

    app.addHook('onRequest', ({ raw }, reply, done) => {
      const error = distrusted.has(raw.socket) ? new ServiceError(httpErrors.badRequest) : check(raw)
      if (!error) return done()
      // Node handles all requests of a packet before the first response closes the connection
      distrusted.add(raw.socket)
      reply.header('connection', 'close')
      done(error)
    })
  },
  { name: 'request-smuggling', dependencies: ['connections', 'metrics'] },
)

function check({ rawHeaders, headers, httpVersion }: IncomingMessage): ServiceError | undefined {
  if (rawHeaders.length > 2 * MAX_HEADERS) return new ServiceError(httpErrors.headersTooLarge)
  // RFC 9112, section 3.2: a missing or repeated Host must be rejected
  const hosts = countHosts(rawHeaders)
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
    return new ServiceError(httpErrors.badRequest, { detail: `${hosts} Host lines` })
  }
  // RFC 9112, section 6.1: with any other transfer coding, servers may disagree about the end of the body
  const coding = headers['transfer-encoding']
  return coding === undefined || coding.toLowerCase() === 'chunked'
    ? undefined
    : new ServiceError(httpErrors.badRequest, { detail: 'a transfer coding other than chunked' })
}

/** Counts in the raw headers (names and values alternate), since `headers` contains only the first Host. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count
}
