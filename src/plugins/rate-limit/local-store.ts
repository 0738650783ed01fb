import type { FastifyRateLimitStore } from '@fastify/rate-limit'
import { LRUCache } from 'lru-cache'

export const MAX_KEYS = 20_000

/** Counts in this process. The package's own store uses the wall clock, so setting the clock would shift its windows. */
export class LocalStore implements FastifyRateLimitStore {
  readonly #windows = new LRUCache<string, { count: number; readonly endsAt: number }>({ max: MAX_KEYS })

  incr(
    key: string,
    done: (error: null, result: { current: number; ttl: number }) => void,
    windowMs: number,
  ): void {
    const now = performance.now()
    const known = this.#windows.get(key)
    const window = known && known.endsAt > now ? known : { count: 0, endsAt: now + windowMs }
    window.count++
    if (window !== known) this.#windows.set(key, window)
    done(null, { current: window.count, ttl: Math.round(window.endsAt - now) })
  }

  child(): FastifyRateLimitStore {
    return this
  }
}
