import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely'
import { createFolder } from './create-folder.ts'
import { storeUnavailable } from './errors.ts'
import { SingleHandleDriver } from './sqlite-driver.ts'
import { FileError, SqliteFile } from './sqlite-file.ts'

const MAX_STATEMENTS = 500
const OPEN_TIMEOUT_MS = 2_000

/** Kysely dialect for `node:sqlite`. Transactions include schema changes and take the write lock when they begin. */
export class NodeSqliteDialect extends SqliteDialect {
  readonly #open: () => Promise<SqliteDatabase>

  constructor(path: string) {
    const open = async () => openSqlite(path)
    super({ database: open })
    this.#open = open
  }

  override createAdapter() {
    return new SingleHandleAdapter()
  }

  override createDriver() {
    return new SingleHandleDriver(this.#open)
  }
}

class SingleHandleAdapter extends SqliteAdapter {
  /** Kysely's own value is false, with which two processes could run the same migration. */
  override get supportsTransactionalDdl() {
    return true
  }

  /** The driver itself keeps other statements out of a transaction. */
  override get supportsMultipleConnections() {
    return true
  }
}

/**
 * Opens a database with the part of the better-sqlite3 API that Kysely uses, and creates the folder of the file.
 * Acknowledged writes survive a crash of the process or the machine.
 */
export function openSqlite(path: string): SqliteDatabase {
  const isFile = path !== ':memory:'
  if (isFile) createFolder(dirname(path))
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true })
  database.exec(
    `pragma busy_timeout = ${OPEN_TIMEOUT_MS}; pragma journal_mode = wal; pragma synchronous = full`,
  )
  database.exec('pragma busy_timeout = 0') // the driver waits without blocking
  const file = isFile ? new SqliteFile(path) : undefined
  const statements = new Map<string, SqliteStatement>()
  return {
    prepare: (sql) => {
      attempt(() => file?.check(performance.now()))
      const known = statements.get(sql)
      if (known) return known
      if (statements.size >= MAX_STATEMENTS) statements.clear()
      const statement = toStatement(attempt(() => database.prepare(sql)))
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
    throw error instanceof FileError || unavailableCodes.has(errcode & 0xff)
      ? storeUnavailable('SQLite is unavailable', error)
      : error
  }
}

/**
 * https://www.sqlite.org/rescode.html: busy, locked, read-only, I/O error, corrupt, disk full, cannot open, not a
 * database.
 */
const unavailableCodes = new Set([5, 6, 8, 10, 11, 13, 14, 26])
