import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely'
import { storeUnavailable } from './errors.ts'

const BUSY_TIMEOUT_MS = 2_000
const MAX_STATEMENTS = 500

/** Kysely dialect for `node:sqlite`. Transactions include schema changes and take the write lock when they begin. */
export class NodeSqliteDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig

  constructor(path: string) {
    const config = { database: async () => openSqlite(path) }
    super(config)
    this.#config = config
  }

  override createAdapter() {
    return new TransactionalAdapter()
  }

  override createDriver() {
    return new ImmediateDriver(this.#config)
  }
}

class TransactionalAdapter extends SqliteAdapter {
  /** Kysely's own value is false, with which two processes could run the same migration. */
  override get supportsTransactionalDdl() {
    return true
  }
}

class ImmediateDriver extends SqliteDriver {
  /** A deferred transaction that reads before it writes fails if another connection writes in between. */
  override async beginTransaction(connection: DatabaseConnection) {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}

/**
 * Opens a database with the part of the better-sqlite3 API that Kysely uses, and creates the folder of the file.
 * Acknowledged writes survive a crash of the process or the machine.
 */
export function openSqlite(path: string): SqliteDatabase {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true })
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  const statements = new Map<string, SqliteStatement>()
  return {
    prepare: (sql) => {
      const known = statements.get(sql)
      if (known) return known
      if (statements.size >= MAX_STATEMENTS) statements.clear()
      const statement = toStatement(database.prepare(sql))
      statements.set(sql, statement)
      return statement
    },
    close: () => database.close(),
  }
}

/** Reads rows as arrays, because the row objects of `node:sqlite` are in V8's slow dictionary mode. */
function toStatement(statement: StatementSync): SqliteStatement {
  type Parameters = readonly SQLInputValue[]
  statement.setReturnArrays(true)
  return {
    reader: statement.columns().length > 0,
    all: (parameters) =>
      attempt(() => {
        const rows = statement.all(...(parameters as Parameters)) as unknown as Row[]
        const names = namesOf(statement)
        return rows.map((row) => toObject(names, row))
      }),
    run: (parameters) => attempt(() => statement.run(...(parameters as Parameters))),
    *iterate(parameters) {
      const rows = statement.iterate(...(parameters as Parameters)) as unknown as Iterable<Row>
      for (const row of rows) yield toObject(namesOf(statement), row)
    },
  }
}

type Row = readonly SQLOutputValue[]

/** Column names. Call after the statement ran: SQLite notices changed columns only then. */
function namesOf(statement: StatementSync): string[] {
  return statement.columns().map(({ name }) => name)
}

function toObject(names: readonly string[], row: Row): Record<string, SQLOutputValue | undefined> {
  const object: Record<string, SQLOutputValue | undefined> = {}
  names.forEach((name, index) => {
    object[name] = row[index]
  })
  return object
}

function attempt<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    const { errcode = 0 } = error as { errcode?: number }
    throw unavailableCodes.has(errcode & 0xff) ? storeUnavailable('SQLite is unavailable', error) : error
  }
}

/** https://www.sqlite.org/rescode.html: busy, locked, read-only, I/O error, disk full, cannot open. */
const unavailableCodes = new Set([5, 6, 8, 10, 13, 14])
