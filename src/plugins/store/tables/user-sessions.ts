import type { Store } from '../schema.ts'
import { type SessionRecord, toSession } from './sessions.ts'
import { toTime } from './time.ts'

/** Lists the sessions of a user, newest first. There are at most MAX_SESSIONS_PER_USER. */
export async function listSessions(store: Store, user: number, now: number): Promise<SessionRecord[]> {
  const rows = await store
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', user)
    .where('expires_at', '>', toTime(now))
    .orderBy('created_at', 'desc')
    .orderBy('id_hash')
    .execute()
  return rows.map(toSession)
}

/** Ends one session of a user, if it is one of theirs. @returns whether it was */
export async function deleteSessionOfUser(store: Store, user: number, idHash: string): Promise<boolean> {
  const { numDeletedRows } = await store
    .deleteFrom('sessions')
    .where('user_id', '=', user)
    .where('id_hash', '=', idHash)
    .executeTakeFirst()
  return numDeletedRows === 1n
}

/**
 * Ends the sessions of a user.
 *
 * @param keptIdHash a session that goes on
 * @returns the number of sessions ended
 */
export async function deleteSessionsOfUser(store: Store, user: number, keptIdHash?: string): Promise<number> {
  const { numDeletedRows } = await store
    .deleteFrom('sessions')
    .where('user_id', '=', user)
    .$if(keptIdHash !== undefined, (sessions) => sessions.where('id_hash', '<>', keptIdHash as string))
    .executeTakeFirst()
  return Number(numDeletedRows)
}
