import fp from 'fastify-plugin'
import { serviceName } from '../http/service.ts'

interface Proof {
  readonly key: string
  readonly lifetimeMs: number
}

/** Lets the replicas know each other's DPoP proofs if there is a Redis, so that a proof is accepted once by all of them. */
export default fp(
  async (app) => {
    const { dpop, redis } = app
    if (dpop === null || redis === null) return
    const { call, isAvailable } = await redis.use<Proof, boolean>({
      remote: async ({ key, lifetimeMs }) =>
        (await redis.client.set(`${serviceName}:dpop:${key}`, '', 'PX', lifetimeMs, 'NX')) !== null,
      fallback: async () => true, // this process has not seen the proof before, or would not ask
      messages: ['this process remembers DPoP proofs alone', 'DPoP proofs are remembered across processes'],
    })
    dpop.replays.share((key, lifetimeMs) => call({ key, lifetimeMs }), isAvailable)
  },
  { name: 'dpop-replays', dependencies: ['auth', 'redis'] },
)
