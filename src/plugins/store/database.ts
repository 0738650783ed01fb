import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Dialect, Kysely } from 'kysely'
import { ConfigError } from '../../errors/config-error.ts'
import { createFolder } from './create-folder.ts'
import { migrateToLatest } from './migrate.ts'
import type { PoolState } from './postgres.ts'
import type { Schema, Store } from './schema.ts'
import { type StatementListener, statementLogger } from './statements.ts'

export type { PoolState } from './postgres.ts'

export interface StoreOptions {
  /** Connections to PostgreSQL. Default: at most 10. */
  readonly pool?: PoolState
  /** Called after every statement. */
  readonly onStatement?: StatementListener | undefined
}

/**
 * Opens the database at DATABASE_URL. Only this file decides between SQLite and PostgreSQL. A SQLite database is
 * migrated immediately. PostgreSQL is not contacted before the first statement, so the service can start before it.
 *
 * @throws {ConfigError} when the SQLite file cannot be used
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const { pool = { pending: 0, maxConnections: 10 }, onStatement } = options
  if (!isFile(url)) {
    const { postgresDialect } = await import('./postgres.ts')
    return open(postgresDialect(url, pool), onStatement)
  }
  const store = await openFile(url, onStatement)
  try {
    await migrateToLatest(store)
    return store
  } catch (error) {
    throw unusable(url, error)
  }
}

/**
 * Creates the folder of a SQLite file if it is missing, and returns its outermost new folder.
 *
 * @throws {ConfigError} when that is not possible
 */
export function prepareFolder(url: string): string | undefined {
  if (!isFile(url)) return undefined
  try {
    return createFolder(dirname(toPath(url)))
  } catch (error) {
    throw unusable(url, error)
  }
}

/** Opens the database without migrating it, and without the statement timeouts of the service. */
export async function openForMigration(url: string): Promise<Store> {
  if (isFile(url)) return openFile(url)
  const { postgresMigrationDialect } = await import('./postgres.ts')
  return open(postgresMigrationDialect(url))
}

/** Opens the database for a check: nothing is migrated or created, and every statement ends in time. */
export async function openForCheck(url: string): Promise<Store | undefined> {
  if (!isFile(url)) return openStore(url)
  const path = toPath(url)
  if (path !== ':memory:' && !existsSync(path)) return undefined
  return openFile(url)
}

async function openFile(url: string, onStatement?: StatementListener): Promise<Store> {
  const { NodeSqliteDialect } = await import('./node-sqlite.ts')
  return open(new NodeSqliteDialect(toPath(url)), onStatement)
}

function open(dialect: Dialect, onStatement?: StatementListener): Store {
  return new Kysely<Schema>({ dialect, ...(onStatement && { log: statementLogger(onStatement) }) })
}

function unusable(url: string, error: unknown): ConfigError {
  return new ConfigError([`DATABASE_URL names ${toPath(url)}: ${(error as Error).message}`])
}

/** Tells whether statements share a pool of connections. */
export function hasPool(url: string): boolean {
  return !isFile(url)
}

function isFile(url: string): boolean {
  return url.startsWith('file:')
}

/** Resolves `file:data/x.db` (relative), `file:/data/x.db` and `file:///data/x.db` (absolute). */
export function toPath(url: string): string {
  return url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length)
}
