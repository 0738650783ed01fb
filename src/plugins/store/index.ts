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
    /** The first argument of every function in src/store. */
    store: Store
  }
}

/** Below the second that orchestrators grant a probe. */
const CHECK_TIMEOUT_MS = 800

/** `app.store`, and whether it can serve. */
export default fp(
  async (app) => {
    const store = await openStore(app.config.DATABASE_URL, app.onStatement)
    const check = makeCheck(app, makeProbe(store))

    app.decorate('store', store)
    app.readinessChecks.set('store', check)
    app.addHook('onListen', () => check().catch(() => {})) // said in the log, if nobody else asks
    app.addHook('onClose', () => store.destroy()) // runs when the last request was answered
  },
  { name: 'store', dependencies: ['env', 'metrics', 'readiness'] },
)

/** Tells the caller the reason, and the log the cause: when it changes, not with every probe. */
function makeCheck({ log }: FastifyInstance, probe: () => Promise<StoreFault | undefined>) {
  const tooLate = { reason: 'unreachable', cause: new Error(`no answer in ${CHECK_TIMEOUT_MS} ms`) } as const
  let reported: string | undefined
  return async () => {
    const fault = await Promise.race([probe(), delay(CHECK_TIMEOUT_MS, tooLate, { ref: false })])
    if (fault?.reason !== reported) {
      reported = fault?.reason
      if (fault) log.warn({ reason: fault.reason, err: fault.cause }, 'the store cannot serve')
      else log.info('the store serves')
    }
    if (fault) throw new Error(fault.reason)
  }
}
