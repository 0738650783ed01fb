import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { httpErrors, ServiceError } from '../errors/catalogue.ts'
import { corsHeaders } from '../http/cors-headers.ts'

/** A common limit of servers and proxies. Node ignores headers after the 2,000th silently. */
const MAX_HEADERS = 100

/**
 * Rejects requests that Node accepts but a proxy may interpret differently. Invalid HTTP is rejected by
 * errors/client-errors.ts.
 */
export default fp(
  async (app) => {
    const distrusted = new WeakSet<Socket>()

    app.addHook('onRequest', ({ raw, headers }, reply, done) => {
      const error = distrusted.has(raw.socket) ? new ServiceError(httpErrors.badRequest) : check(raw)
      if (!error) return done()
      // Node handles all requests of a packet before the first response closes the connection
      distrusted.add(raw.socket)
      reply.header('connection', 'close')
      reply.headers(corsHeaders(app.config.CLIENT_ORIGIN_URL, headers.origin)) // plugins/cors.ts runs later
      done(error)
    })
  },
  { name: 'request-smuggling', dependencies: ['env', 'connections', 'metrics'] },
)

function check({ rawHeaders, headers, httpVersion }: IncomingMessage): ServiceError | undefined {
  if (rawHeaders.length > 2 * MAX_HEADERS) return new ServiceError(httpErrors.headersTooLarge)
  const { host, repeated } = readSingletons(rawHeaders)
  // RFC 9112, section 3.2
  if (!host && httpVersion === '1.1') {
    return new ServiceError(httpErrors.badRequest, { detail: 'no Host line' })
  }
  // RFC 9110, section 5.3: Node uses the first line, a proxy may use the last
  if (repeated) return new ServiceError(httpErrors.badRequest, { detail: `several ${repeated} lines` })
  // RFC 9112, section 6.1: with any other transfer coding, servers may disagree about the end of the body
  const coding = headers['transfer-encoding']
  return coding === undefined || coding.toLowerCase() === 'chunked'
    ? undefined
    : new ServiceError(httpErrors.badRequest, { detail: 'a transfer coding other than chunked' })
}

/**
 * Finds repeated lines of singleton fields. `rawHeaders` has names and values in turn; `headers` lacks the second line.
 * Node itself rejects a second Content-Length. The length is compared first because it is cheaper than the name.
 */
function readSingletons(rawHeaders: readonly string[]) {
  const seen = { host: false, origin: false, 'content-type': false, authorization: false }
  let repeated: Singleton | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const singleton = singletonsByLength[name.length]
    if (singleton === undefined || name.toLowerCase() !== singleton) continue
    if (seen[singleton]) repeated = singleton
    seen[singleton] = true
  }
  return { host: seen.host, repeated }
}

type Singleton = 'host' | 'origin' | 'content-type' | 'authorization'

const singletonsByLength: Readonly<Record<number, Singleton | undefined>> = {
  4: 'host',
  6: 'origin',
  12: 'content-type',
  13: 'authorization',
}
