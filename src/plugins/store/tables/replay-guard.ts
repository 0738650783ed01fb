import { hash } from 'node:crypto'
import type { Store } from '../schema.ts'
import { toTime } from './time.ts'

declare module '../schema.ts' {
  interface Schema {
    replay_guard: ReplayGuardTable
  }
}

interface ReplayGuardTable {
  key_hash: string
  expires_at: string
}

/**
 * Records the use of a key that may be used once. Of all calls with the same key, in all processes, one gets true.
 *
 * @param expiresAt milliseconds since the epoch; the caller rejects the key as too old from then on
 */
export async function isFirstUse(store: Store, key: string, expiresAt: number): Promise<boolean> {
  const row = await store
    .insertInto('replay_guard')
    .values({ key_hash: hash('sha256', key, 'base64url'), expires_at: toTime(expiresAt) })
    .onConflict((conflict) => conflict.column('key_hash').doNothing())
    .returning('key_hash')
    .executeTakeFirst()
  return row !== undefined
}
