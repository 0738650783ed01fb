import fp from 'fastify-plugin'
import { httpErrors, ServiceError } from '../errors/catalogue.ts'
import { hostnameOf, isLoopback } from '../http/secure-url.ts'

/**
 * Rejects requests for other hosts while the service listens on the loopback only. A web page can make its own host name
 * resolve to the loopback (DNS rebinding); without this check, it could then read the service of a developer. Behind a
 * proxy, the proxy decides which hosts it serves.
 */
export default fp(
  async (app) => {
    const { HOST, BASE_URL, TRUST_PROXY } = app.config
    const isLocal = isLoopback(HOST.includes(':') ? `[${HOST}]` : HOST)
    if (!isLocal || TRUST_PROXY !== false) return
    const ownHost = new URL(BASE_URL).hostname
    let accepted: string | undefined // the last one, since a client sends the same each time
    app.addHook('onRequest', (request, _reply, done) => {
      if (request.host === accepted) return done()
      const host = hostnameOf(request.host)
      // Without a Host header (HTTP/1.0) the request is not from a browser
      if (request.host === '' || host === ownHost || isLoopback(host)) {
        accepted = request.host
        return done()
      }
      done(new ServiceError(httpErrors.misdirectedRequest, { detail: request.host }))
    })
  },
  { name: 'host-check', dependencies: ['env', 'request-smuggling'] },
)
