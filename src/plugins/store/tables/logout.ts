import type { Store } from '../schema.ts'
import { isFirstUse } from './replay-guard.ts'

/** Whose sessions an issuer wants ended: of one of its own sessions, of a person, or both. */
export interface Logout {
  readonly issuer: string
  readonly subject: string | undefined
  readonly sid: string | undefined
  /** Of the notice; each counts once. */
  readonly id: string
  /** Until when the notice could come again, in milliseconds since the epoch. */
  readonly until: number
}

/** How many sessions it has ended; undefined when the notice was there before. All of it happens, or nothing. */
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
