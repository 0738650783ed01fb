import type { Store } from '../schema.ts'
import { isFirstUse, isUsed, isUsedUntil, recordUse } from './replay-guard.ts'
import type { NewRevocation } from './revocation.ts'
import { revokeTokens } from './revocations.ts'

/** Time for which a logout is remembered. Longer than a login can take, from its first redirect to its session. */
const MEMORY_MS = 15 * 60_000

/** A logout notice of an issuer. It names one of the issuer's sessions, a user, or both. */
export interface Logout {
  readonly issuer: string
  readonly subject: string | undefined
  readonly sid: string | undefined
  /** Id of the notice; each id is accepted once. */
  readonly id: string
  /** Time until which the notice can be replayed, in milliseconds since the epoch. */
  readonly until: number
  /** The access tokens that end with the sessions. */
  readonly tokens: NewRevocation
}

/**
 * Ends the sessions that the notice names with their access tokens, and makes {@link isLoggedOut} true for logins in progress.
 *
 * @param now milliseconds since the epoch
 * @returns the number of sessions ended, or undefined when the notice was already used
 */
export async function endSessions(store: Store, logout: Logout, now: number): Promise<number | undefined> {
  const { issuer, subject, sid, id, until, tokens } = logout
  const notice = `logout ${issuer} ${id}`
  if (await isUsed(store, notice)) return undefined
  // Committed before the deletion: a login creates its session first and asks isLoggedOut afterwards, so that one of
  // the two sees the other
  await recordUse(store, endedKey(issuer, subject, sid), now + MEMORY_MS)
  return store.transaction().execute(async (transaction) => {
    if (!(await isFirstUse(transaction, notice, until))) return undefined
    await revokeTokens(transaction, tokens, now)
    const users = transaction.selectFrom('users').select('id').where('issuer', '=', issuer)
    const { numDeletedRows } = await transaction
      .deleteFrom('sessions')
      .where('user_id', 'in', subject === undefined ? users : users.where('subject', '=', subject))
      .$if(sid !== undefined, (sessions) => sessions.where('sid', '=', sid as string))
      .executeTakeFirst()
    return Number(numDeletedRows)
  })
}

/**
 * Tells whether a notice has ended a login since it began. Call after the session was created.
 *
 * @param since milliseconds since the epoch
 */
export async function isLoggedOut(
  store: Store,
  { issuer, subject, sid }: { issuer: string; subject: string; sid: string | undefined },
  since: number,
): Promise<boolean> {
  const keys = [endedKey(issuer, subject, undefined)]
  if (sid !== undefined) keys.push(endedKey(issuer, undefined, sid), endedKey(issuer, subject, sid))
  return isUsedUntil(store, keys, since + MEMORY_MS)
}

function endedKey(...names: (string | undefined)[]): string {
  return `ended ${JSON.stringify(names)}` // undefined becomes null, unlike any text
}
