import type { Generated, Selectable } from 'kysely'
import type { Store } from '../schema.ts'
import { type Page, type PageRequest, toPage } from './page.ts'
import {
  hashRevoked,
  type NewRevocation,
  type Revocation,
  type RevocationEntry,
  type RevocationKind,
} from './revocation.ts'
import { toTime } from './time.ts'
import type { Identity } from './user.ts'

declare module '../schema.ts' {
  interface Schema {
    revocations: RevocationsTable
  }
}

interface RevocationsTable {
  id: Generated<number>
  issuer: string
  kind: RevocationKind | 'removed'
  value_hash: string
  before: string | null
  until: string
  reason: string | null
  created_at: string
}

/** Revokes tokens. Other processes reject them after they have read the new row. */
export async function revokeTokens(store: Store, tokens: NewRevocation, now: number): Promise<Revocation> {
  const { issuer, kind, value, before, until, reason } = tokens
  const row = await store
    .insertInto('revocations')
    .values({
      issuer,
      kind,
      value_hash: hashRevoked(issuer, kind, value),
      before: before === undefined ? null : toTime(before * 1000),
      until: toTime(until),
      reason: reason ?? null,
      created_at: toTime(now),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toRevocation(row)
}

/**
 * Revokes all tokens that were issued to a user until now, at all clients. Tokens of the current second count as issued: `iat`
 * has no fractions.
 *
 * @param lifetimeMs maximum lifetime of a token
 * @param now milliseconds since the epoch
 */
export async function signOutEverywhere(
  store: Store,
  { issuer, subject }: Identity,
  reason: string,
  lifetimeMs: number,
  now: number,
): Promise<void> {
  const before = cutoffAt(now)
  const tokens = { issuer, kind: 'sub', value: subject, before, until: now + lifetimeMs, reason } as const
  await revokeTokens(store, tokens, now)
}

/** Returns the cutoff in seconds that includes all tokens issued until now. */
export function cutoffAt(now: number): number {
  return Math.floor(now / 1000) + 1
}

/** Reads entries in the order of their ids, starting after the given one. */
export async function readRevocations(
  store: Store,
  after: number,
  limit: number,
  now: number,
): Promise<RevocationEntry[]> {
  const rows = await store
    .selectFrom('revocations')
    .select(['id', 'kind', 'value_hash', 'before', 'until'])
    .where('id', '>', after)
    .where('until', '>', toTime(now))
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id, kind, value_hash, before, until }) => ({
    id,
    kind,
    valueHash: value_hash,
    before: before === null ? Number.POSITIVE_INFINITY : Date.parse(before) / 1000,
    until: Date.parse(until),
  }))
}

/** Lists revocations of one issuer: no issuer may learn of the others. */
export async function listRevocations(
  store: Store,
  issuer: string,
  { cursor, limit }: PageRequest,
  now: number,
): Promise<Page<Revocation>> {
  const rows = await store
    .selectFrom('revocations')
    .selectAll()
    .where('issuer', '=', issuer)
    .where('id', '>', cursor)
    .where('kind', '!=', 'removed')
    .where('until', '>', toTime(now))
    .orderBy('id')
    .limit(limit + 1)
    .execute()
  return toPage(rows, limit, toRevocation)
}

/**
 * Removes a revocation, and others of the same value. Processes learn of it by a row of the kind `removed`.
 *
 * @returns false when the issuer has no such revocation
 */
export async function removeRevocation(
  store: Store,
  issuer: string,
  id: number,
  now: number,
): Promise<boolean> {
  return store.transaction().execute(async (transaction) => {
    const { value_hash } =
      (await transaction
        .deleteFrom('revocations')
        .where('id', '=', id)
        .where('issuer', '=', issuer)
        .where('kind', '!=', 'removed')
        .returning('value_hash')
        .executeTakeFirst()) ?? {}
    if (value_hash === undefined) return false
    await transaction.deleteFrom('revocations').where('value_hash', '=', value_hash).execute()
    const until = toTime(now + REMOVED_MS)
    const removed = { issuer, value_hash, before: null, until, reason: null, created_at: toTime(now) }
    await transaction
      .insertInto('revocations')
      .values({ ...removed, kind: 'removed' })
      .execute()
    return true
  })
}

/** Time in which every process must have read that a revocation was removed. */
const REMOVED_MS = 24 * 3_600_000

/**
 * Deletes expired revocations.
 *
 * @param limit maximum number of rows
 * @returns whether more rows may be left
 */
export async function deleteExpiredRevocations(store: Store, now: number, limit: number): Promise<boolean> {
  const { numDeletedRows } = await store
    .deleteFrom('revocations')
    .where('id', 'in', (all) =>
      all.selectFrom('revocations').select('id').where('until', '<=', toTime(now)).limit(limit),
    )
    .executeTakeFirst()
  return Number(numDeletedRows) >= limit
}

function toRevocation(row: Selectable<RevocationsTable>): Revocation {
  return {
    id: row.id,
    issuer: row.issuer,
    kind: row.kind as RevocationKind, // rows of the kind `removed` are not selected
    before: row.before,
    until: row.until,
    reason: row.reason,
    createdAt: row.created_at,
  }
}
