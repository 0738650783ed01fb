import fp from 'fastify-plugin'
import { securityHeaders } from '../http/security-headers.ts'

export default fp(
  async (app) => {
    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(securityHeaders)
      done()
    })
  },
  { name: 'security-headers', dependencies: ['tracing'] },
)
