import type { Store } from '../schema.ts'
import { toTime } from './time.ts'

declare module '../schema.ts' {
  interface Schema {
    key_sets: KeySetsTable
  }
}

interface KeySetsTable {
  issuer: string
  sealed: string
  fetched_at: string
}

/** Keys of an issuer as a process has fetched them. */
export interface KeptKeySet {
  readonly issuer: string
  /** The encrypted keys. */
  readonly sealed: string
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number
}

/** Saves the keys of an issuer, unless another process has saved later ones. */
export async function saveKeySet(store: Store, { issuer, sealed, fetchedAt }: KeptKeySet): Promise<void> {
  await store
    .insertInto('key_sets')
    .values({ issuer, sealed, fetched_at: toTime(fetchedAt) })
    .onConflict((conflict) =>
      conflict
        .column('issuer')
        .doUpdateSet((is) => ({
          sealed: is.ref('excluded.sealed'),
          fetched_at: is.ref('excluded.fetched_at'),
        }))
        .whereRef('key_sets.fetched_at', '<', 'excluded.fetched_at'),
    )
    .execute()
}

export async function listKeySets(store: Store): Promise<KeptKeySet[]> {
  const rows = await store.selectFrom('key_sets').selectAll().execute()
  return rows.map(({ issuer, sealed, fetched_at }) => ({ issuer, sealed, fetchedAt: Date.parse(fetched_at) }))
}
