import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Cooldown } from '../../http/cooldown.ts'
import { SingleFlight } from '../../http/single-flight.ts'
import { hasPool, openStore, type PoolState, prepareFolder } from './database.ts'
import { makeProbe, type StoreFault } from './probe.ts'
import type { Store } from './schema.ts'

export { storeErrors } from './errors.ts'
export type { Store } from './schema.ts'
export type { StatementListener } from './statements.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The database. */
    store: Store
    /** Use of the connections; undefined for SQLite. */
    storePool: Readonly<PoolState> | undefined
  }
}

/** Less than the second after which orchestrators give up on a probe by default. */
const CHECK_TIMEOUT_MS = 800
const CHECK_INTERVAL_MS = 1_000

/** Provides `app.store` and its readiness check. */
export default fp(
  async (app) => {
    const folder = prepareFolder(app.config.DATABASE_URL)
    if (folder !== undefined) app.log.info({ folder }, 'folder created for the database')
    const pool = { pending: 0, maxConnections: app.config.DATABASE_POOL_MAX }
    const store = await openStore(app.config.DATABASE_URL, {
      pool,
      onStatement: app.onStatement,
    })
    const check = makeCheck(app, makeProbe(store))

    app.decorate('store', store)
    app.decorate('storePool', hasPool(app.config.DATABASE_URL) ? pool : undefined)
    app.readinessChecks.set('store', check)
    app.addHook('onListen', () => check().catch(() => {})) // so that the log has the state without a probe
    app.addHook('onClose', () => store.destroy()) // after the last response
  },
  { name: 'store', dependencies: ['env', 'metrics', 'readiness'] },
)

/**
 * Creates the readiness check. It reports the reason, and logs the cause when the state changes. However many probes
 * arrive, the database is asked once a second.
 */
function makeCheck({ log }: FastifyInstance, probe: () => Promise<StoreFault | undefined>) {
  const flight = new SingleFlight<StoreFault | undefined>()
  const cooldown = new Cooldown(CHECK_INTERVAL_MS)
  let last: StoreFault | undefined
  const timedOut = { reason: 'unreachable', cause: new Error(`no answer in ${CHECK_TIMEOUT_MS} ms`) } as const
  let reported: string | undefined
  const ask = async () => {
    if (cooldown.remainingMs(performance.now()) > 0) return last
    last = await Promise.race([probe(), delay(CHECK_TIMEOUT_MS, timedOut, { ref: false })])
    cooldown.start(performance.now())
    return last
  }
  return async () => {
    const fault = await flight.run('check', ask)
    if (fault?.reason !== reported) {
      reported = fault?.reason
      if (fault) log.warn({ reason: fault.reason, err: fault.cause }, 'the store is unavailable')
      else log.info('the store is available')
    }
    if (fault) throw new Error(fault.reason)
  }
}
