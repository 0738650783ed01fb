import rateLimit from '@fastify/rate-limit'
import fp from 'fastify-plugin'
import { ServiceError } from '../errors.ts'

/** At most so many requests a minute: per caller when there is a verified token, per address otherwise. */
export default fp(
  async (app) => {
    const max = app.config.RATE_LIMIT_MAX
    if (max === 0) return
    await app.register(rateLimit, {
      max,
      timeWindow: 60_000,
      keyGenerator: ({ token, ip }) => (token ? `${token.issuer} ${token.subject}` : ip),
      errorResponseBuilder: (_request, { ttl }) =>
        new ServiceError('rate_limited', { retryAfterSeconds: ttl / 1000 }),
    })
  },
  { name: 'rate-limit', dependencies: ['env', 'guards'] }, // after guards, so that its hook finds the token verified
)
