import type { Store } from '../schema.ts'
import { isFirstUse } from './replay-guard.ts'

/** A logout notice of an issuer. It names one of the issuer's sessions, a user, or both. */
export interface Logout {
  readonly issuer: string
  readonly subject: string | undefined
  readonly sid: string | undefined
  /** Id of the notice; each id is accepted once. */
  readonly id: string
  /** Time until which the notice can be replayed, in milliseconds since the epoch. */
  readonly until: number
}

/**
 * Ends the sessions that the notice names, in one transaction.
 *
 * @returns the number of sessions ended, or undefined when the notice was already used
 */
export async function endSessions(store: Store, logout: Logout): Promise<number | undefined> {
  const { issuer, subject, sid, id, until } = logout
  return store.transaction().execute(async (transaction) => {
    if (!(await isFirstUse(transaction, `logout ${issuer} ${id}`, until))) return undefined
    const users = transaction.selectFrom('users').select('id').where('issuer', '=', issuer)
    const { numDeletedRows } = await transaction
      .deleteFrom('sessions')
      .where('user_id', 'in', subject === undefined ? users : users.where('subject', '=', subject))
      .$if(sid !== undefined, (sessions) => sessions.where('sid', '=', sid as string))
      .executeTakeFirst()
    return Number(numDeletedRows)
  })
}
