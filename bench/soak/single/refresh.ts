import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import type { SingleFault } from './fault.ts'
import type { SingleProcess } from './process.ts'

/** A second more than the margin before expiry at which tokens are refreshed (src/web/login/access-tokens.ts). */
const SHORT_LIFETIME_SECONDS = 31
const ISSUER_TAKES_MS = 800
const LOCKED_MS = 4_000

/** The issuer has answered a refresh, and its answer must not be lost although it cannot be written yet. */
export const refreshWhileLocked: SingleFault = {
  name: `a token refresh while another process holds the write lock of SQLite for ${LOCKED_MS / 1000} s`,
  promise: 'the refresh token is used once, and the session goes on',
  expected: { '/readyz': ['200', '503'], 'new to-do': ['201', '503'] },
  begin: async (single) => {
    const { web } = single
    web.lifetimeSeconds = SHORT_LIFETIME_SECONDS
    await single.logIn()
    web.lifetimeSeconds = 3_600
    await delay(1_500)
    web.hold = delay(ISSUER_TAKES_MS)
    void loadPage(single)
    await delay(ISSUER_TAKES_MS / 2)
    const lock = new DatabaseSync(single.database, { timeout: 1_000 })
    lock.exec('begin immediate')
    setTimeout(() => {
      lock.exec('rollback')
      lock.close()
    }, LOCKED_MS)
  },
  holdMs: 8_000,
  end: () => {},
  check: async (single) => {
    const page = await loadPage(single)
    const { refreshes, isRevoked } = single.web
    const isStored = revisionOf(single) === 1
    const isShown = page.includes('This is a protected message.')
    const note = `${refreshes} refresh, new tokens ${isStored ? 'stored' : 'lost'}`
    if (isRevoked || refreshes !== 1 || !isStored || !isShown) throw new Error(note)
    return note
  },
}

/** Number of changes of the newest session. */
function revisionOf({ database }: SingleProcess): unknown {
  const reader = new DatabaseSync(database, { readOnly: true })
  const row = reader.prepare('select revision from sessions order by created_at desc limit 1').get()
  reader.close()
  return row?.revision
}

async function loadPage({ replica, callers }: SingleProcess): Promise<string> {
  const response = await fetch(`${replica.url}/protected`, {
    headers: { cookie: callers.cookie, accept: 'text/html' },
    redirect: 'manual',
  })
  return response.text()
}
