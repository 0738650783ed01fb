import fp from 'fastify-plugin'
import type { SharedRedis } from './shared-redis.ts'

export type { SharedRedis } from './shared-redis.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Redis of all replicas. Null without `REDIS_URL`. */
    redis: SharedRedis | null
  }
}

/** Connects to Redis. */
export default fp(
  async (app) => {
    const { REDIS_URL } = app.config
    if (REDIS_URL === undefined) return void app.decorate('redis', null)
    const { SharedRedis } = await import('./shared-redis.ts') // slow to load, so only when needed
    app.decorate('redis', new SharedRedis(app, REDIS_URL))
  },
  { name: 'redis', dependencies: ['env'] },
)
