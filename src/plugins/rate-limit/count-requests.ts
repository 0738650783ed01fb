import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { CircuitBreaker } from './circuit-breaker.ts'
import { LocalStore, MAX_KEYS } from './local-store.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Quota that the request counts against. */
    quota: Quota | null
  }
}

export interface Quota {
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
const PREFIX = 'gatehouse:rate-limit:'

/** Counts requests against quotas: across all processes while Redis is available, otherwise in this process. */
export async function countRequests(app: FastifyInstance): Promise<Count> {
  app.decorateRequest('quota', null)
  const local = await makeCount(app, { store: LocalStore })
  const { REDIS_URL } = app.config
  return rememberExceeded(REDIS_URL === undefined ? local : await shareCount(app, REDIS_URL, local))
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

async function shareCount(app: FastifyInstance, url: string, local: Count): Promise<Count> {
  const { connectToRedis } = await import('./redis.ts') // slow to load, so only when needed
  const redis = connectToRedis(url)
  let connectionError: string | undefined
  redis.on('error', ({ message }) => {
    connectionError = message // the error of a command does not say why
  })
  app.addHook('onClose', () => redis.disconnect())
  const breaker = new CircuitBreaker({
    remote: await makeCount(app, { redis, nameSpace: PREFIX }),
    fallback: local,
    // Only the message: the error object contains the command, whose arguments may include the password
    onOpen: ({ message }) =>
      app.log.warn(
        { reason: redis.status === 'ready' ? message : (connectionError ?? message) },
        'Redis is not available; this process counts requests alone',
      ),
    onClose: () => app.log.info('Redis is available; requests are counted across processes'),
  })
  // Connects before the first request, so that it is counted like all others
  await redis.connect().catch((error) => breaker.open(error, performance.now()))
  return (request) => breaker.call(request, performance.now())
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
