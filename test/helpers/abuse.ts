import type { Test } from 'tap'
import { type BuildOptions, bearer } from './app.ts'
import { heapUsed } from './heap.ts'
import { patientFetch } from './patience.ts'
import { startService } from './service.ts'

const MAX_GROWTH_BYTES = 8 * 1_048_576

/** A part of the abuse, 1 for all of it. */
type Abuse = (share: number) => Promise<void>

/**
 * The service, and a check that it survives: a good caller is served meanwhile and afterwards, no memory is kept, and
 * nothing is logged as a failure. A tenth of the abuse comes first, to warm up.
 */
export async function startUnderAbuse(t: Test, options: BuildOptions = {}) {
  const { app, issuer } = await startService(t, { LOG_LEVEL: 'warn' }, options)
  const token = await issuer.sign()
  const isServed = async (t: Test, when: string) => {
    const { status } = await patientFetch(`${app.url}/api/private`, { headers: bearer(token) })
    t.equal(status, 200, `a good caller is served ${when}`)
  }
  const survives = async (t: Test, abuse: Abuse) => {
    await abuse(0.1)
    const before = heapUsed()
    const done = abuse(1)
    await isServed(t, 'meanwhile')
    await done
    await isServed(t, 'afterwards')
    const grown = heapUsed() - before
    t.ok(grown < MAX_GROWTH_BYTES, `${grown} bytes are kept`)
    const others = app.logLines.filter(({ msg }) => !/overloaded/.test(msg)) // a busy machine may well be
    t.strictSame(others, [], 'nothing is the fault of the service')
  }
  return { app, issuer, token, survives }
}
