import fp from 'fastify-plugin'
import { serviceName } from '../../http/service.ts'
import type { SharedRedis } from '../redis/index.ts'
import { Revocations } from './revocations.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The revoked tokens. */
    revocations: Revocations
  }
}

/** Lifetime of access tokens without MAX_TOKEN_LIFETIME_SECONDS. */
const DEFAULT_LIFETIME_SECONDS = 86_400
/** Channel of Redis. Other services may use the same Redis. */
const CHANNEL = `${serviceName}:revocations`
export const EXPIRY_INTERVAL_MS = 10 * 60_000

/**
 * Rejects revoked access tokens. Every process holds the list, and reads new rows at intervals; with Redis, as soon as another
 * process has written them.
 */
export default fp(
  async (app) => {
    const { config, store, verifier, log } = app
    const lifetimeSeconds = config.MAX_TOKEN_LIFETIME_SECONDS ?? DEFAULT_LIFETIME_SECONDS
    const lifetimeMs = (lifetimeSeconds + config.AUTH_CLOCK_TOLERANCE_SECONDS) * 1000
    const revocations = new Revocations({ store, verifier, lifetimeMs, log }, Date.now())
    app.decorate('revocations', revocations)
    if (app.redis !== null) await shareRevocations(app.redis, revocations)
    const timers = [
      setInterval(() => revocations.refresh(), config.REVOCATION_POLL_SECONDS * 1000).unref(),
      setInterval(() => revocations.deleteExpired(Date.now()), EXPIRY_INTERVAL_MS).unref(),
    ]
    app.addHook('onReady', () => revocations.refresh())
    app.addHook('onClose', async () => {
      for (const timer of timers) clearInterval(timer)
    })
  },
  { name: 'revocation', dependencies: ['env', 'auth', 'store', 'redis'] },
)

/**
 * Tells the processes with the same Redis of new revocations. A message has no content: each process reads the database, so Redis
 * can neither revoke tokens nor restore them.
 */
async function shareRevocations(redis: SharedRedis, revocations: Revocations): Promise<void> {
  const { call } = await redis.use<void, unknown>({
    remote: () => redis.client.publish(CHANNEL, ''),
    fallback: async () => {},
    messages: ['revocations spread at intervals', 'revocations spread at once'],
  })
  redis.subscribe(CHANNEL, () => void revocations.refresh())
  revocations.notify = () => void call()
}
