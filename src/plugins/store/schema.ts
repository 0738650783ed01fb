import type { Generated, Kysely } from 'kysely'

/** The tables, column by column; docs/storage.md says who writes them and when they go. Times are ISO 8601 in UTC. */
export interface Schema {
  users: UsersTable
  todos: TodosTable
  sessions: SessionsTable
  replay_guard: ReplayGuardTable
}

/** What store functions work with: the database, or a transaction in it. */
export type Store = Kysely<Schema>

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

export interface TodosTable {
  id: Generated<number>
  user_id: number
  title: string
  /** `YYYY-MM-DD` */
  date: string
}

export interface SessionsTable {
  id_hash: string
  user_id: number
  sid: string | null
  contents: string
  revision: number
  refresh_until: string | null
  created_at: string
  expires_at: string
}

export interface ReplayGuardTable {
  key_hash: string
  expires_at: string
}
