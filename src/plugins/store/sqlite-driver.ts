import { setTimeout as delay } from 'node:timers/promises'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  type SqliteDatabase,
} from 'kysely'

/** Time that a statement waits for a lock of another process. */
export const BUSY_TIMEOUT_MS = 2_000
const MAX_RETRY_DELAY_MS = 50
const BEGIN = 'begin immediate'

/**
 * Runs statements on one SQLite handle. SQLite's own busy timeout would block the event loop, so a statement that finds
 * the database locked is tried again later, and other statements run meanwhile. A transaction excludes all others.
 */
export class SingleHandleDriver implements Driver {
  readonly #open: () => Promise<SqliteDatabase>
  #database: SqliteDatabase | undefined
  #owner: Connection | undefined
  #released: PromiseWithResolvers<void> | undefined

  constructor(open: () => Promise<SqliteDatabase>) {
    this.#open = open
  }

  async init(): Promise<void> {
    this.#database = await this.#open()
  }

  async acquireConnection(): Promise<Connection> {
    return new Connection(this)
  }

  /** Takes the write lock. A deferred transaction that reads before it writes fails if another process writes between. */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(BEGIN))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#database?.close()
  }

  /** Waits for its turn, runs the statement, and repeats it as long as another process has a lock. */
  async execute(connection: Connection, query: CompiledQuery): Promise<QueryResult<unknown>> {
    const deadline = performance.now() + BUSY_TIMEOUT_MS
    let delayMs = 1
    for (;;) {
      while (this.#owner !== undefined && this.#owner !== connection) await this.#released?.promise
      try {
        return this.#run(connection, query)
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadline) throw error
      }
      await delay(delayMs)
      delayMs = Math.min(2 * delayMs, MAX_RETRY_DELAY_MS)
    }
  }

  #run(connection: Connection, { sql, parameters }: CompiledQuery): QueryResult<unknown> {
    try {
      const statement = this.prepare(sql)
      if (statement.reader) return { rows: statement.all(parameters) }
      const { changes, lastInsertRowid } = statement.run(parameters)
      // In the same turn of the event loop, so that no other statement gets into the transaction
      if (sql === BEGIN) this.#own(connection)
      if (sql === 'commit') this.#release()
      return { numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid), rows: [] }
    } finally {
      if (sql === 'rollback') this.#release()
    }
  }

  prepare(sql: string) {
    return (this.#database as SqliteDatabase).prepare(sql)
  }

  #own(connection: Connection): void {
    this.#owner = connection
    this.#released = Promise.withResolvers()
  }

  #release(): void {
    this.#owner = undefined
    this.#released?.resolve()
  }
}

class Connection implements DatabaseConnection {
  readonly #driver: SingleHandleDriver

  constructor(driver: SingleHandleDriver) {
    this.#driver = driver
  }

  executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    return this.#driver.execute(this, query) as Promise<QueryResult<Row>>
  }

  async *streamQuery<Row>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    for (const row of this.#driver.prepare(sql).iterate(parameters)) yield { rows: [row as Row] }
  }
}

/** https://www.sqlite.org/rescode.html: SQLITE_BUSY and SQLITE_LOCKED, in the cause of the store's own error. */
function isBusy(error: unknown): boolean {
  const { errcode = 0 } = ((error as Error).cause ?? {}) as { errcode?: number }
  return [5, 6].includes(errcode & 0xff)
}
