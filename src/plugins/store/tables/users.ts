import type { Insertable, Selectable } from 'kysely'
import { storeUnavailable } from '../errors.ts'
import type { Store } from '../schema.ts'
import { type Page, type PageRequest, toPage } from './page.ts'
import { toTime } from './time.ts'
import type { Identity, Profile, User } from './user.ts'
import { toColumns, toUser, type UsersTable } from './user-row.ts'

/** Time between two writes of `last_seen_at`, however many processes a user calls. */
export const VISIT_INTERVAL_MS = 60_000

export interface UserRecord {
  readonly user: User
  /** False until the issuer has answered with a profile. */
  readonly hasProfile: boolean
}

/**
 * Records a visit and creates the user at the first one. Concurrent calls for one identity create one user.
 *
 * @param now milliseconds since the epoch
 */
export async function recordVisit(store: Store, identity: Identity, now: number): Promise<UserRecord> {
  const at = toTime(now)
  const row =
    (await visit(store, identity, now)) ??
    (await insert(store, identity, { created_at: at, last_seen_at: at })) ??
    (await visit(store, identity, now)) // created by another call in the meantime
  return toRecord(orUnavailable(row))
}

/** Creates a user before the first visit. The profile of an existing user is only added if missing. */
export async function registerUser(
  store: Store,
  identity: Identity,
  profile: Profile,
  now: number,
): Promise<{ user: User; isNew: boolean }> {
  const at = toTime(now)
  const columns = profile.email === null ? {} : toColumns(profile, at)
  const known = await complete(store, identity, profile, now)
  if (known) return { user: known, isNew: false }
  const created = await insert(store, identity, { ...columns, created_at: at })
  if (created) return { user: toUser(created), isNew: true }
  return { user: orUnavailable(await complete(store, identity, profile, now)), isNew: false }
}

/**
 * Saves the profile of a user who has none yet.
 *
 * @returns undefined when the user has a profile already, or was deleted
 */
export async function saveProfile(
  store: Store,
  { issuer, subject }: Identity,
  profile: Profile,
  now: number,
): Promise<User | undefined> {
  const row = await store
    .updateTable('users')
    .set(toColumns(profile, toTime(now)))
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .where('profile_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
  return row && toUser(row)
}

/** Lists users of one issuer: no issuer may learn of the users of another. */
export async function listUsers(
  store: Store,
  issuer: string,
  { cursor, limit }: PageRequest,
): Promise<Page<User>> {
  const rows = await store
    .selectFrom('users')
    .selectAll()
    .where('issuer', '=', issuer)
    .where('id', '>', cursor)
    .orderBy('id')
    .limit(limit + 1)
    .execute()
  return toPage(rows, limit, toUser)
}

export async function findUser(store: Store, issuer: string, id: number): Promise<User | undefined> {
  const row = await store
    .selectFrom('users')
    .selectAll()
    .where('id', '=', id)
    .where('issuer', '=', issuer)
    .executeTakeFirst()
  return row && toUser(row)
}

/** Deletes a user and all rows that belong to the user. */
export async function deleteUser(store: Store, issuer: string, id: number): Promise<Identity | undefined> {
  const row = await store
    .deleteFrom('users')
    .where('id', '=', id)
    .where('issuer', '=', issuer)
    .returning(['issuer', 'subject'])
    .executeTakeFirst()
  return row && { issuer: row.issuer, subject: row.subject }
}

async function complete(store: Store, identity: Identity, profile: Profile, now: number) {
  if (profile.email !== null) await saveProfile(store, identity, profile, now)
  const row = await findByIdentity(store, identity)
  return row && toUser(row)
}

async function visit(store: Store, identity: Identity, now: number) {
  const updated = await store
    .updateTable('users')
    .set({ last_seen_at: toTime(now) })
    .where('issuer', '=', identity.issuer)
    .where('subject', '=', identity.subject)
    .where((is) =>
      is.or([is('last_seen_at', 'is', null), is('last_seen_at', '<=', toTime(now - VISIT_INTERVAL_MS))]),
    )
    .returningAll()
    .executeTakeFirst()
  return updated ?? findByIdentity(store, identity)
}

function findByIdentity(store: Store, { issuer, subject }: Identity) {
  return store
    .selectFrom('users')
    .selectAll()
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
}

async function insert(
  store: Store,
  { issuer, subject }: Identity,
  columns: Omit<Insertable<UsersTable>, keyof Identity>,
) {
  return store
    .insertInto('users')
    .values({ issuer, subject, ...columns })
    .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doNothing())
    .returningAll()
    .executeTakeFirst()
}

function orUnavailable<Row>(row: Row | undefined): Row {
  if (row) return row
  throw storeUnavailable('the user was deleted while being created')
}

function toRecord(row: Selectable<UsersTable>): UserRecord {
  return { user: toUser(row), hasProfile: row.profile_at !== null }
}
