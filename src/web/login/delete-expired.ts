import fp from 'fastify-plugin'
import { deleteExpired } from '../../plugins/store/tables/delete-expired.ts'

export const EXPIRY_INTERVAL_MS = 10 * 60_000
/** Maximum rows per statement, so that none blocks the database noticeably. */
const MAX_ROWS = 1_000
/** Difference between the clocks of two processes up to which a used key cannot be used again (docs/resilience.md). */
export const MAX_CLOCK_DIFFERENCE_MS = 10_000

/** Deletes expired sessions and expired rows of the replay guard at intervals. */
export default fp(
  async (app) => {
    const timer = setInterval(async () => {
      try {
        const expiredAt = Date.now() - MAX_CLOCK_DIFFERENCE_MS
        while (await deleteExpired(app.store, expiredAt, MAX_ROWS));
      } catch (error) {
        app.log.warn({ err: error }, 'expired rows not deleted; the next interval tries again')
      }
    }, EXPIRY_INTERVAL_MS)
    timer.unref()
    app.addHook('onClose', async () => clearInterval(timer))
  },
  { name: 'expiry', dependencies: ['env', 'store'] },
)
