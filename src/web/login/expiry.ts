import fp from 'fastify-plugin'
import { deleteExpired } from '../../plugins/store/tables/expired.ts'

export const SWEEP_INTERVAL_MS = 10 * 60_000
/** A statement's share, so that it takes no time worth mentioning. */
const MAX_ROWS = 1_000

/** Deletes sessions that have expired, and what was remembered so that it is used once, when its time is over. */
export default fp(
  async (app) => {
    const timer = setInterval(async () => {
      try {
        while (await deleteExpired(app.store, Date.now(), MAX_ROWS));
      } catch (error) {
        app.log.warn({ err: error }, 'expired sessions not deleted; tried again later')
      }
    }, SWEEP_INTERVAL_MS)
    timer.unref()
    app.addHook('onClose', async () => clearInterval(timer))
  },
  { name: 'sweep', dependencies: ['env', 'store'] },
)
