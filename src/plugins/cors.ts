import cors from '@fastify/cors'
import fp from 'fastify-plugin'

/** Browsers on the configured origins may call the API and read its challenges. No cookies cross origins. */
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
      strictPreflight: false, // its 400 is not of our shape
    }
    await app.registerPublic(cors, options, ['OPTIONS *'])
  },
  // after those whose hooks have to run before this one answers a preflight
  { name: 'cors', dependencies: ['env', 'guards', 'security-headers', 'request-smuggling'] },
)
