import type { Selectable } from 'kysely'
import { ServiceError } from '../../../errors/catalogue.ts'
import { isForeignKeyViolation, storeErrors } from '../errors.ts'
import type { Store } from '../schema.ts'
import { toTime } from './time.ts'

declare module '../schema.ts' {
  interface Schema {
    sessions: SessionsTable
  }
}

interface SessionsTable {
  id_hash: string
  user_id: number
  sid: string | null
  contents: string
  revision: number
  refresh_until: string | null
  created_at: string
  expires_at: string
  last_used_at: string | null
}

/** A session as stored. The id itself is not, and the contents are encrypted. Times are milliseconds since the epoch. */
export interface SessionRecord {
  readonly idHash: string
  /** Id of the user; deleting the user deletes the session. */
  readonly user: number
  /** The issuer's id of its own session (OpenID Connect Back-Channel Logout 1.0, 2.1). */
  readonly sid: string | null
  /** Encrypted. */
  readonly contents: string
  /** Incremented by every change of the contents. */
  readonly revision: number
  /** End of the lease of the process that refreshes the tokens. */
  readonly leasedUntil: number | undefined
  readonly createdAt: number
  /** Accurate to the interval of {@link prolongSession}. */
  readonly lastUsedAt: number
  readonly expiresAt: number
}

/** Maximum number of sessions of one user. A login beyond it ends the oldest session. */
export const MAX_SESSIONS_PER_USER = 100

/**
 * Creates a session, and deletes the oldest ones of the user beyond {@link MAX_SESSIONS_PER_USER}. Since the deletion
 * follows the insertion, concurrent logins exceed the maximum only until the last of them returns.
 *
 * @throws {ServiceError} 409 when the user was deleted
 */
export async function createSession(
  store: Store,
  session: Omit<SessionRecord, 'revision' | 'leasedUntil' | 'lastUsedAt'>,
): Promise<void> {
  const { idHash, user, sid, contents, createdAt, expiresAt } = session
  const row = {
    id_hash: idHash,
    user_id: user,
    sid,
    contents,
    revision: 0,
    created_at: toTime(createdAt),
    expires_at: toTime(expiresAt),
  }
  try {
    await store.insertInto('sessions').values(row).execute()
  } catch (error) {
    throw isForeignKeyViolation(error) ? new ServiceError(storeErrors.userDeleted) : error
  }
  await deleteOldSessions(store, user, idHash)
}

/** Keeps this session, whatever the clocks of other processes have written, and the newest of the others. */
async function deleteOldSessions(store: Store, user: number, keptIdHash: string): Promise<void> {
  await store
    .deleteFrom('sessions')
    .where('user_id', '=', user)
    .where('id_hash', '<>', keptIdHash)
    .where('id_hash', 'not in', (all) =>
      all
        .selectFrom('sessions')
        .select('id_hash')
        .where('user_id', '=', user)
        .where('id_hash', '<>', keptIdHash)
        .orderBy('created_at', 'desc')
        .orderBy('id_hash')
        .limit(MAX_SESSIONS_PER_USER - 1),
    )
    .execute()
}

export async function findSession(
  store: Store,
  idHash: string,
  now: number,
): Promise<SessionRecord | undefined> {
  const row = await store
    .selectFrom('sessions')
    .selectAll()
    .where('id_hash', '=', idHash)
    .where('expires_at', '>', toTime(now))
    .executeTakeFirst()
  return row && toSession(row)
}

/** Records a use of the session, and moves its end. */
export async function prolongSession(
  store: Store,
  idHash: string,
  expiresAt: number,
  now: number,
): Promise<void> {
  await store
    .updateTable('sessions')
    .set({ expires_at: toTime(expiresAt), last_used_at: toTime(now) })
    .where('id_hash', '=', idHash)
    .execute()
}

export async function deleteSession(store: Store, idHash: string): Promise<void> {
  await store.deleteFrom('sessions').where('id_hash', '=', idHash).execute()
}

/**
 * Takes the lease to refresh the tokens of this revision. One process holds it at a time, until it expires, is released
 * or the contents are replaced.
 */
export async function leaseSession(
  store: Store,
  { idHash, revision }: Pick<SessionRecord, 'idHash' | 'revision'>,
  until: number,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await store
    .updateTable('sessions')
    .set({ refresh_until: toTime(until) })
    .where('id_hash', '=', idHash)
    .where('revision', '=', revision)
    .where((is) => is.or([is('refresh_until', 'is', null), is('refresh_until', '<=', toTime(now))]))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function releaseSession(
  store: Store,
  { idHash, revision }: Pick<SessionRecord, 'idHash' | 'revision'>,
): Promise<void> {
  await store
    .updateTable('sessions')
    .set({ refresh_until: null })
    .where('id_hash', '=', idHash)
    .where('revision', '=', revision)
    .execute()
}

/** @returns whether the session still existed with this revision; a session that ended is not restored */
export async function replaceContents(
  store: Store,
  { idHash, revision }: Pick<SessionRecord, 'idHash' | 'revision'>,
  contents: string,
): Promise<boolean> {
  const { numUpdatedRows } = await store
    .updateTable('sessions')
    .set({ contents, revision: revision + 1, refresh_until: null })
    .where('id_hash', '=', idHash)
    .where('revision', '=', revision)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export function toSession(row: Selectable<SessionsTable>): SessionRecord {
  return {
    idHash: row.id_hash,
    user: row.user_id,
    sid: row.sid,
    contents: row.contents,
    revision: row.revision,
    leasedUntil: row.refresh_until === null ? undefined : Date.parse(row.refresh_until),
    createdAt: Date.parse(row.created_at),
    lastUsedAt: Date.parse(row.last_used_at ?? row.created_at),
    expiresAt: Date.parse(row.expires_at),
  }
}
