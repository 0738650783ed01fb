import { fileURLToPath } from 'node:url'
import { type Dialect, Kysely } from 'kysely'
import { ConfigError } from '../../errors/config-error.ts'
import { migrateToLatest } from './migrate.ts'
import type { Schema, Store } from './schema.ts'
import { type StatementListener, statementLogger } from './statements.ts'

/**
 * Opens the database at DATABASE_URL. Only this file decides between SQLite and PostgreSQL. A SQLite database is
 * migrated immediately. PostgreSQL is not contacted before the first statement, so the service can start before it.
 *
 * @param onStatement called after every statement
 * @throws {ConfigError} when the SQLite file cannot be used
 */
export async function openStore(url: string, onStatement?: StatementListener): Promise<Store> {
  if (!isFile(url)) {
    const { postgresDialect } = await import('./postgres.ts')
    return open(postgresDialect(url), onStatement)
  }
  const store = await openFile(url, onStatement)
  try {
    await migrateToLatest(store)
    return store
  } catch (error) {
    throw new ConfigError([`DATABASE_URL names ${toPath(url)}: ${(error as Error).message}`])
  }
}

/** Opens the database without migrating it, and without the statement timeouts of the service. */
export async function openForMigration(url: string): Promise<Store> {
  if (isFile(url)) return openFile(url)
  const { postgresMigrationDialect } = await import('./postgres.ts')
  return open(postgresMigrationDialect(url))
}

async function openFile(url: string, onStatement?: StatementListener): Promise<Store> {
  const { NodeSqliteDialect } = await import('./node-sqlite.ts')
  return open(new NodeSqliteDialect(toPath(url)), onStatement)
}

function open(dialect: Dialect, onStatement?: StatementListener): Store {
  return new Kysely<Schema>({ dialect, ...(onStatement && { log: statementLogger(onStatement) }) })
}

function isFile(url: string): boolean {
  return url.startsWith('file:')
}

/** Resolves `file:data/x.db` (relative), `file:/data/x.db` and `file:///data/x.db` (absolute). */
function toPath(url: string): string {
  return url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length)
}
