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

/** Kysely on `node:sqlite`. Transactions cover changes of the schema, and take the write lock when they begin. */
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
  /** True of SQLite; Kysely thinks otherwise, and would let two processes run the same migration. */
  override get supportsTransactionalDdl() {
    return true
  }
}

class ImmediateDriver extends SqliteDriver {
  /** A transaction that reads first and wants to write later fails at once when another has written in between. */
  override async beginTransaction(connection: DatabaseConnection) {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}

/**
 * The part of better-sqlite3 that Kysely needs, on a file whose acknowledged writes survive a crash of the process and
 * of the machine. Makes the folder of the file.
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

/** Rows are asked for as arrays: the objects that `node:sqlite` makes of them have no shape, which is slow. */
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

/** To be asked after the statement has run: that is when SQLite notices that a table has other columns by now. */
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
    throw outages.has(errcode & 0xff) ? storeUnavailable('SQLite cannot be used now', error) : error
  }
}

/** https://www.sqlite.org/rescode.html: busy, locked, read-only, input or output failed, disk full, cannot open. */
const outages = new Set([5, 6, 8, 10, 13, 14])
