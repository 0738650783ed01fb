import cors from '@fastify/cors'
import fp from 'fastify-plugin'

/** Allows browsers on the configured origins to call the API and read its challenges. Cookies are not allowed. */
export default fp(
  async (app) => {
    const { CLIENT_ORIGIN_URL } = app.config
    if (CLIENT_ORIGIN_URL.length === 0) return
    const options = {
      origin: [...CLIENT_ORIGIN_URL],
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: ['Authorization', 'Content-Type'],
      exposedHeaders: [
        'WWW-Authenticate',
        'Retry-After',
        'X-RateLimit-Limit',
        'X-RateLimit-Remaining',
        'X-RateLimit-Reset',
      ],
      maxAge: 86_400,
      strictPreflight: false, // its 400 does not have the format of our errors
    }
    await app.registerPublic(cors, options, ['OPTIONS *'])
  },
  // after the plugins whose hooks must run before a preflight is answered
  { name: 'cors', dependencies: ['env', 'guards', 'security-headers', 'request-smuggling'] },
)
