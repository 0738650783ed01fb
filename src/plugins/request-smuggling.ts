import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { httpErrors, ServiceError } from '../errors/catalogue.ts'

/** As other servers and proxies have it. Node reads 2,000 and drops the rest without a word. */
const MAX_HEADERS = 100

/**
 * Refuses what Node takes and a proxy in front may understand in another way than we do; what is broken HTTP does not
 * get here, but to broken-requests.ts.
 */
export default fp(
  async (app) => {
    const distrusted = new WeakSet<Socket>()

    app.addHook('onRequest', ({ raw }, reply, done) => {
      const refusal = distrusted.has(raw.socket) ? new ServiceError(httpErrors.badRequest) : check(raw)
      if (!refusal) return done()
      // Node has what came in one piece handled before the first answer has closed the connection
      distrusted.add(raw.socket)
      reply.header('connection', 'close')
      done(refusal)
    })
  },
  { name: 'request-smuggling', dependencies: ['connections', 'metrics'] },
)

function check({ rawHeaders, headers, httpVersion }: IncomingMessage): ServiceError | undefined {
  if (rawHeaders.length > 2 * MAX_HEADERS) return new ServiceError(httpErrors.headersTooLarge)
  // RFC 9112, section 3.2: none or several are to be refused
  const hosts = countHosts(rawHeaders)
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
    return new ServiceError(httpErrors.badRequest, { detail: `${hosts} Host lines` })
  }
  // RFC 9112, section 6.1: a transfer coding that is not understood; with a second one the ends of bodies are disputed
  const coding = headers['transfer-encoding']
  return coding === undefined || coding.toLowerCase() === 'chunked'
    ? undefined
    : new ServiceError(httpErrors.badRequest, { detail: 'a transfer coding other than chunked' })
}

/** Names and values by turns, as they came; in `headers` the second Host is missing. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count
}
