import type { Store } from '../schema.ts'
import { toTime } from './time.ts'

/** Deletes what has expired, a bounded number of each kind. Whether there may be more. */
export async function sweep(store: Store, now: number, limit: number): Promise<boolean> {
  const at = toTime(now)
  const sessions = await store
    .deleteFrom('sessions')
    .where('id_hash', 'in', (all) =>
      all.selectFrom('sessions').select('id_hash').where('expires_at', '<=', at).limit(limit),
    )
    .executeTakeFirst()
  const keys = await store
    .deleteFrom('used_once')
    .where('key_hash', 'in', (all) =>
      all.selectFrom('used_once').select('key_hash').where('expires_at', '<=', at).limit(limit),
    )
    .executeTakeFirst()
  return Math.max(Number(sessions.numDeletedRows), Number(keys.numDeletedRows)) >= limit
}
