import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import things from '../fixtures/routes/things.ts'
import { type BuildOptions, bearer } from './app.ts'
import { heapUsed } from './heap.ts'
import { startService } from './service.ts'

const MAX_GROWTH_BYTES = 8 * 1_048_576

/** Runs a share of the abuse: 1 is all of it. */
type Abuse = (share: number) => Promise<void>

/**
 * Starts the service with the fixture routes. `survives` asserts that a good caller is served during the abuse and
 * afterwards, that memory does not grow, and that nothing is logged as a failure. A tenth of the abuse warms up first.
 */
export async function startUnderAbuse(t: Test, options: BuildOptions = {}) {
  const extend = (app: FastifyInstance) => void app.register(things)
  const { app, issuer } = await startService(t, { LOG_LEVEL: 'warn' }, { extend, ...options })
  const token = await issuer.sign()
  const isServed = async (t: Test, when: string) => {
    const { status } = await fetch(`${app.url}/api/private`, { headers: bearer(token) })
    t.equal(status, 200, `a good caller is served ${when}`)
  }
  const survives = async (t: Test, abuse: Abuse) => {
    await abuse(0.1)
    const before = heapUsed()
    const done = abuse(1)
    await isServed(t, 'during the abuse')
    await done
    await isServed(t, 'afterwards')
    const grown = heapUsed() - before
    t.ok(grown < MAX_GROWTH_BYTES, `the heap has grown by ${grown} bytes`)
    t.strictSame(app.logLines, [])
  }
  return { app, issuer, token, survives }
}
