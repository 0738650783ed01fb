import type { Generated, Selectable } from 'kysely'
import type { Profile, User } from './user.ts'

declare module '../schema.ts' {
  interface Schema {
    users: UsersTable
  }
}

export interface UsersTable {
  id: Generated<number>
  issuer: string
  subject: string
  email: string | null
  /** 1, 0 or null: SQLite has no booleans. */
  email_verified: number | null
  name: string | null
  picture: string | null
  profile_at: string | null
  created_at: string
  last_seen_at: string | null
}

export function toUser(row: Selectable<UsersTable>): User {
  return {
    id: row.id,
    issuer: row.issuer,
    subject: row.subject,
    username: row.subject.replaceAll('|', '.'),
    email: row.email,
    emailVerified: row.email_verified === null ? null : row.email_verified === 1,
    name: row.name,
    picture: row.picture,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
  }
}

export function toColumns({ email, emailVerified, name, picture }: Profile, at: string) {
  return {
    email,
    email_verified: emailVerified === null ? null : Number(emailVerified),
    name,
    picture,
    profile_at: at,
  }
}
