import type { Store } from '../schema.ts'
import { toTime } from './time.ts'

/**
 * Deletes expired sessions and replay guard entries.
 *
 * @param limit maximum number of rows deleted from each table
 * @returns whether more rows may be left
 */
export async function deleteExpired(store: Store, now: number, limit: number): Promise<boolean> {
  const at = toTime(now)
  const sessions = await store
    .deleteFrom('sessions')
    .where('id_hash', 'in', (all) =>
      all.selectFrom('sessions').select('id_hash').where('expires_at', '<=', at).limit(limit),
    )
    .executeTakeFirst()
  const keys = await store
    .deleteFrom('replay_guard')
    .where('key_hash', 'in', (all) =>
      all.selectFrom('replay_guard').select('key_hash').where('expires_at', '<=', at).limit(limit),
    )
    .executeTakeFirst()
  return Math.max(Number(sessions.numDeletedRows), Number(keys.numDeletedRows)) >= limit
}
