import { hash } from 'node:crypto'
import type { Store } from '../schema.ts'
import { toTime } from './time.ts'

/**
 * Notes that something has been used which may be used once. However many try, in however many processes, one is told
 * that it was the first.
 *
 * @param until milliseconds since the epoch; from then on it is refused for its age and need not be remembered
 */
export async function useOnce(store: Store, key: string, until: number): Promise<boolean> {
  const row = await store
    .insertInto('used_once')
    .values({ key_hash: hash('sha256', key, 'base64url'), expires_at: toTime(until) })
    .onConflict((conflict) => conflict.column('key_hash').doNothing())
    .returning('key_hash')
    .executeTakeFirst()
  return row !== undefined
}
