import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { serviceName } from '../../http/service.ts'
import type { SharedRedis } from '../redis/index.ts'
import { LocalStore, MAX_KEYS } from './local-store.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Quota that the request counts against. */
    quota: Quota | null
  }
}

export interface Quota {
  readonly owner: 'caller' | 'address' | 'rejected'
  /** Hash of the owner, because it is stored outside the process. */
  readonly key: string
  /** Requests per minute. */
  readonly max: number
}

export interface Usage {
  readonly isExceeded: boolean
  readonly remaining: number
  /** Milliseconds until the window ends. */
  readonly ttl: number
}

type Count = (request: FastifyRequest) => Promise<Usage>

const WINDOW_MS = 60_000
/** Other services may use the same Redis. */
const PREFIX = `${serviceName}:rate-limit:`

/** Counts requests against quotas: across all processes while Redis is available, otherwise in this process. */
export async function countRequests(app: FastifyInstance): Promise<Count> {
  app.decorateRequest('quota', null)
  const local = await makeCount(app, { store: LocalStore })
  return rememberExceeded(app.redis === null ? local : await shareCount(app, app.redis, local))
}

/** Registers the package in a child scope, because an instance accepts it only once. */
async function makeCount(app: FastifyInstance, store: object): Promise<Count> {
  let count: Count | undefined
  await app.register(async (scope) => {
    await scope.register(rateLimit, {
      ...store,
      global: false,
      timeWindow: WINDOW_MS,
      keyGenerator: ({ quota }) => (quota as Quota).key,
      max: ({ quota }: FastifyRequest) => (quota as Quota).max,
    })
    count = scope.createRateLimit() as Count // its other result type requires an allow list
  })
  return count as Count
}

async function shareCount(app: FastifyInstance, redis: SharedRedis, local: Count): Promise<Count> {
  const { call } = await redis.use({
    remote: await makeCount(app, { redis: redis.client, nameSpace: PREFIX }),
    fallback: local,
    messages: ['this process counts requests alone', 'requests are counted across processes'],
  })
  return call
}

/** Answers for exceeded quotas from memory, so that a flood does not reach Redis. */
function rememberExceeded(count: Count): Count {
  const exceededUntil = new LRUCache<string, number>({ max: MAX_KEYS })
  return async (request) => {
    const { key } = request.quota as Quota
    const left = (exceededUntil.get(key) ?? 0) - performance.now()
    if (left > 0) return { isExceeded: true, remaining: 0, ttl: left }
    const usage = await count(request)
    if (!usage.isExceeded) return usage
    const ttl = Math.min(usage.ttl, WINDOW_MS) // Redis reports more if its own clock was set back
    exceededUntil.set(key, performance.now() + ttl)
    return { ...usage, ttl }
  }
}
