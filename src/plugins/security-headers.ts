import fp from 'fastify-plugin'
import { httpsSecurityHeaders, securityHeaders } from '../http/security-headers.ts'

/** Sets the security headers of every response. `request.protocol` is that of the client, even behind a trusted proxy. */
export default fp(
  async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      reply.headers(request.protocol === 'https' ? httpsSecurityHeaders : securityHeaders)
      done()
    })
  },
  { name: 'security-headers', dependencies: ['request-id'] },
)
