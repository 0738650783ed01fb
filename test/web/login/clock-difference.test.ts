import { mock } from 'node:test'
import t from 'tap'
import { TIMEOUT_MS as DISCOVERY_TIMEOUT_MS } from '../../../src/plugins/auth/issuer-metadata.ts'
import { isFirstUse } from '../../../src/plugins/store/tables/replay-guard.ts'
import { createSession, leaseSession } from '../../../src/plugins/store/tables/sessions.ts'
import { registerUser } from '../../../src/plugins/store/tables/users.ts'
import { LEASE_MS } from '../../../src/web/login/access-tokens.ts'
import { TIMEOUT_SECONDS } from '../../../src/web/login/configuration.ts'
import { EXPIRY_INTERVAL_MS, MAX_CLOCK_DIFFERENCE_MS } from '../../../src/web/login/delete-expired.ts'
import { moveClock } from '../../helpers/clock.ts'
import { onEachStore } from '../../helpers/database.ts'
import { startWithIssuer } from '../../helpers/web-issuer.ts'

/** Time that the slowest answer of the database takes (docs/storage.md). */
const STATEMENT_MS = 3_000
const LONGEST_REFRESH_MS = DISCOVERY_TIMEOUT_MS + TIMEOUT_SECONDS * 1_000 + STATEMENT_MS

onEachStore(
  t,
  'a process whose clock is 10 s ahead does not take the lease of a refresh in progress',
  async (t, store) => {
    const profile = { email: null, emailVerified: null, name: null, picture: null }
    const now = Date.parse('2026-11-22T10:00:00Z')
    const { user } = await registerUser(store, { issuer: 'i', subject: 's' }, profile, now)
    const session = { idHash: 'a', user: user.id, sid: null, contents: '', createdAt: now, expiresAt: now }
    await createSession(store, session)
    const lease = (at: number) => leaseSession(store, { idHash: 'a', revision: 0 }, at + LEASE_MS, at)
    t.ok(await lease(now))
    t.notOk(await lease(now + LONGEST_REFRESH_MS + MAX_CLOCK_DIFFERENCE_MS))
    t.ok(await lease(now + LEASE_MS), 'afterwards it does')
  },
)

t.test('a process whose clock is 10 s ahead does not delete keys that others still accept', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const { app } = await startWithIssuer(t)
  const clock = moveClock(t)
  const now = Date.now()
  await isFirstUse(app.store, 'old', now - MAX_CLOCK_DIFFERENCE_MS)
  await isFirstUse(app.store, 'accepted', now + 1_000)
  const isGone = async (key: string) => isFirstUse(app.store, key, 0)
  clock.stopAt(now + MAX_CLOCK_DIFFERENCE_MS)
  mock.timers.tick(EXPIRY_INTERVAL_MS)
  while (!(await isGone('old'))) await new Promise((resolve) => setTimeout(resolve, 10))
  t.notOk(await isGone('accepted'))
})
