import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { Fallback } from './circuit-breaker.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request is counted towards. */
    allowance: Allowance | null
  }
}

export interface Allowance {
  /** Whose it is; not legible, since it is stored elsewhere. */
  readonly key: string
  /** Requests a minute. */
  readonly max: number
}

export interface Usage {
  readonly isExceeded: boolean
  readonly remaining: number
  /** Milliseconds until the minute is over and counting begins anew. */
  readonly ttl: number
}

type Count = (request: FastifyRequest) => Promise<Usage>

const WINDOW_MS = 60_000
const MAX_KEYS = 20_000
/** Another service may use the same Redis. */
const PREFIX = 'gatehouse:rate-limit:'

/** Counts requests towards allowances: across all processes where there is a Redis that answers, else in this one. */
export async function countRequests(app: FastifyInstance): Promise<Count> {
  app.decorateRequest('allowance', null)
  const own = await makeCount(app, { cache: MAX_KEYS })
  const { REDIS_URL } = app.config
  return rememberExceeded(REDIS_URL === undefined ? own : await shareCount(app, REDIS_URL, own))
}

/** In a scope of its own, since an instance takes one of these plugins only. */
async function makeCount(app: FastifyInstance, store: object): Promise<Count> {
  let count: Count | undefined
  await app.register(async (scope) => {
    await scope.register(rateLimit, {
      ...store,
      global: false,
      timeWindow: WINDOW_MS,
      keyGenerator: ({ allowance }) => (allowance as Allowance).key,
      max: ({ allowance }: FastifyRequest) => (allowance as Allowance).max,
    })
    count = scope.createRateLimit() as Count // the other thing it can answer needs an allow list
  })
  return count as Count
}

async function shareCount(app: FastifyInstance, url: string, own: Count): Promise<Count> {
  const { connectToRedis } = await import('./redis.ts') // costs time at start, so only here
  const redis = connectToRedis(url)
  let trouble: string | undefined
  redis.on('error', ({ message }) => {
    trouble = message // why there is no connection; a command only learns that there is none
  })
  app.addHook('onClose', () => redis.disconnect())
  const fallback = new Fallback({
    remote: await makeCount(app, { redis, nameSpace: PREFIX }),
    own,
    // Its message and no more: the error that Redis answers with holds the command, and that may be the password
    onFailure: ({ message }) =>
      app.log.warn(
        { reason: redis.status === 'ready' ? message : (trouble ?? message) },
        'Redis does not answer; every process counts requests for itself',
      ),
    onRecovery: () => app.log.info('Redis answers; requests are counted across processes'),
  })
  // Waited for, a moment at most, so that the first requests are counted like all others
  await redis.connect().catch((error) => fallback.fail(error, performance.now()))
  return (request) => fallback.ask(request, performance.now())
}

/** Whoever has used up their minute is told so from memory: a flood beyond the limit asks nobody. */
function rememberExceeded(count: Count): Count {
  const exceededUntil = new LRUCache<string, number>({ max: MAX_KEYS })
  return async (request) => {
    const { key } = request.allowance as Allowance
    const left = (exceededUntil.get(key) ?? 0) - Date.now()
    if (left > 0) return { isExceeded: true, remaining: 0, ttl: left }
    const usage = await count(request)
    if (usage.isExceeded) exceededUntil.set(key, Date.now() + usage.ttl)
    return usage
  }
}
