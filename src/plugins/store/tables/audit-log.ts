import type { Generated } from 'kysely'
import { type Static, Type } from 'typebox'
import type { Store } from '../schema.ts'
import { toTime } from './time.ts'
import type { User } from './user.ts'

declare module '../schema.ts' {
  interface Schema {
    audit_log: AuditLogTable
  }
}

interface AuditLogTable {
  id: Generated<number>
  issuer: string
  actor: string
  action: string
  user_id: number
  subject: string
  created_at: string
}

const actions = [
  'delete_user',
  'end_sessions', // part: web-app
] as const

/** An action of a caller on a user of the same issuer. */
export const AuditEntry = Type.Object(
  {
    id: Type.Integer(),
    at: Type.String({ format: 'date-time' }),
    actor: Type.String({ description: '`sub` of the caller' }),
    action: Type.Enum([...actions]),
    user: Type.Integer({ description: 'ID of the user' }),
    subject: Type.String({ description: '`sub` of the user' }),
  },
  {
    title: 'AuditEntry',
    description: 'An action of a caller on a user',
    examples: [
      {
        id: 1,
        at: '2026-11-21T10:00:00.000Z',
        actor: 'auth0|admin',
        action: 'delete_user',
        user: 2,
        subject: 'auth0|ada',
      },
    ],
  },
)

export type AuditEntry = Static<typeof AuditEntry>
export type AuditAction = AuditEntry['action']

/** Age at which entries are deleted. */
export const AUDIT_MAX_AGE_MS = 90 * 24 * 3_600_000

/** Records an action, and deletes entries beyond the maximum age. */
export async function recordAction(
  store: Store,
  { actor, action, user }: { actor: string; action: AuditAction; user: User },
  now: number,
): Promise<void> {
  await store
    .insertInto('audit_log')
    .values({
      issuer: user.issuer,
      actor,
      action,
      user_id: user.id,
      subject: user.subject,
      created_at: toTime(now),
    })
    .execute()
  await store.deleteFrom('audit_log').where('created_at', '<=', oldest(now)).execute()
}

/** Lists the newest actions on users of one issuer, up to the maximum age. */
export async function listActions(
  store: Store,
  issuer: string,
  limit: number,
  now: number,
): Promise<AuditEntry[]> {
  const rows = await store
    .selectFrom('audit_log')
    .selectAll()
    .where('issuer', '=', issuer)
    .where('created_at', '>', oldest(now))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ id, created_at, actor, action, user_id, subject }) => ({
    id,
    at: created_at,
    actor,
    action: action as AuditAction,
    user: user_id,
    subject,
  }))
}

function oldest(now: number): string {
  return toTime(now - AUDIT_MAX_AGE_MS)
}
