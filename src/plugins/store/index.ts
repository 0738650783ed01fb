import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { openStore } from './database.ts'
import { makeProbe, type StoreFault } from './probe.ts'
import type { Store } from './schema.ts'

export type { Store } from './schema.ts'
export type { StatementListener } from './statements.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The database. */
    store: Store
  }
}

/** Less than the second after which orchestrators give up on a probe by default. */
const CHECK_TIMEOUT_MS = 800

/** Provides `app.store` and its readiness check. */
export default fp(
  async (app) => {
    const store = await openStore(app.config.DATABASE_URL, app.onStatement)
    const check = makeCheck(app, makeProbe(store))

    app.decorate('store', store)
    app.readinessChecks.set('store', check)
    app.addHook('onListen', () => check().catch(() => {})) // so that the log has the state without a probe
    app.addHook('onClose', () => store.destroy()) // after the last response
  },
  { name: 'store', dependencies: ['env', 'metrics', 'readiness'] },
)

/** Creates the readiness check. It reports the reason, and logs the cause when the state changes. */
function makeCheck({ log }: FastifyInstance, probe: () => Promise<StoreFault | undefined>) {
  const timedOut = { reason: 'unreachable', cause: new Error(`no answer in ${CHECK_TIMEOUT_MS} ms`) } as const
  let reported: string | undefined
  return async () => {
    const fault = await Promise.race([probe(), delay(CHECK_TIMEOUT_MS, timedOut, { ref: false })])
    if (fault?.reason !== reported) {
      reported = fault?.reason
      if (fault) log.warn({ reason: fault.reason, err: fault.cause }, 'the store is unavailable')
      else log.info('the store is available')
    }
    if (fault) throw new Error(fault.reason)
  }
}
