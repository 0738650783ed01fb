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
    .values({ key_hash: hashKey(key), expires_at: toTime(expiresAt) })
    .onConflict((conflict) => conflict.column('key_hash').doNothing())
    .returning('key_hash')
    .executeTakeFirst()
  return row !== undefined
}

/** Tells whether {@link isFirstUse} would return false, without using the key. */
export async function isUsed(store: Store, key: string): Promise<boolean> {
  return isUsedUntil(store, [key], 0)
}

/** Records a use of a key that may be used again; the later end counts. */
export async function recordUse(store: Store, key: string, expiresAt: number): Promise<void> {
  await store
    .insertInto('replay_guard')
    .values({ key_hash: hashKey(key), expires_at: toTime(expiresAt) })
    .onConflict((conflict) =>
      conflict
        .column('key_hash')
        .doUpdateSet((is) => ({ expires_at: is.ref('excluded.expires_at') }))
        .whereRef('replay_guard.expires_at', '<', 'excluded.expires_at'),
    )
    .execute()
}

/** Tells whether a use of one of the keys is recorded that expires at this time or later. */
export async function isUsedUntil(
  store: Store,
  keys: readonly string[],
  expiresAt: number,
): Promise<boolean> {
  const row = await store
    .selectFrom('replay_guard')
    .select('key_hash')
    .where('key_hash', 'in', keys.map(hashKey))
    .where('expires_at', '>=', toTime(expiresAt))
    .executeTakeFirst()
  return row !== undefined
}

function hashKey(key: string): string {
  return hash('sha256', key, 'base64url')
}
