import { fileURLToPath } from 'node:url'
import { type Dialect, Kysely } from 'kysely'
import { ConfigError } from '../../errors/config-error.ts'
import { migrateToLatest } from './migrate.ts'
import type { Schema, Store } from './schema.ts'
import { type StatementListener, statementLogger } from './statements.ts'

/**
 * Opens the database that DATABASE_URL names; here alone it is decided which kind it is. SQLite is brought up to date
 * at once. PostgreSQL is reached when it is first asked, so that the service can start before it.
 *
 * @param onStatement told of every statement
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

/** The same without the limits of time that requests need, and with nothing done yet. */
export async function openForMigration(url: string): Promise<Store> {
  if (isFile(url)) return openFile(url)
  const { unhurriedDialect } = await import('./postgres.ts')
  return open(unhurriedDialect(url))
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

/** `file:data/x.db` is below the working directory, `file:/data/x.db` and `file:///data/x.db` are not. */
function toPath(url: string): string {
  return url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length)
}
