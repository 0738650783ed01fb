import { PostgresJSDialect, type PostgresJSReservedSql, type PostgresJSSql } from 'kysely-postgres-js'
import postgres, { type Options, type Sql } from 'postgres'
import { serviceName } from '../../http/service.ts'
import { withTimeout } from '../../http/with-timeout.ts'
import { storeUnavailable } from './errors.ts'

/** Statements of each connection that may be pending. Further ones fail at once. */
const MAX_PENDING = 100
const CONNECT_TIMEOUT_SECONDS = 2
const IDLE_TIMEOUT_SECONDS = 60
/** The server cancels statements after this time. */
const STATEMENT_TIMEOUT_MS = 2_000
/** A server that has not even cancelled the statement by then is considered lost. */
const ANSWER_TIMEOUT_MS = 2_500
/** Time for a replaced pool to finish, and minimum time between two replacements. */
const END_TIMEOUT_SECONDS = 3

export interface PoolState {
  /** Statements that are executed or wait for a connection. */
  pending: number
  /** At least 1. */
  readonly maxConnections: number
}

/** Kysely dialect for the service. Every statement ends within three seconds, even if the database hangs. */
export function postgresDialect(url: string, state: PoolState): PostgresJSDialect {
  return new PostgresJSDialect({ postgres: () => new Pool(url, state) as unknown as PostgresJSSql })
}

/** Kysely dialect for migrations: one connection without statement timeout. */
export function postgresMigrationDialect(url: string): PostgresJSDialect {
  return new PostgresJSDialect({ postgres: connect(url, { max: 1, connect_timeout: 10 }) })
}

function connect(databaseUrl: string, options: Options<Record<string, never>>, parameters = {}): Sql {
  const url = new URL(databaseUrl)
  // Poolers in transaction mode support neither prepared statements nor session parameters
  const isPooled = url.searchParams.get('pgbouncer') === 'true'
  url.searchParams.delete('pgbouncer') // postgres.js would send it to the server, which rejects it
  return postgres(url.href, {
    ...options,
    prepare: !isPooled,
    connection: { application_name: serviceName, ...(isPooled ? {} : parameters) },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    onnotice: () => {},
  })
}

/**
 * Connection pool with the interface of Kysely's dialect. With postgres.js alone, requests would wait as long as the
 * server hangs, and reconnecting could be delayed by up to 20 seconds. Here a statement without an answer fails in
 * time, and the whole pool is replaced, because its other connections may be broken too.
 */
class Pool {
  readonly #url: string
  readonly #state: PoolState
  #sql: Sql
  #createdAt = performance.now()

  constructor(url: string, state: PoolState) {
    this.#url = url
    this.#state = state
    this.#sql = this.#connect()
  }

  /**
   * Defers the reservation until a transaction begins. Single statements do not need a connection of their own, and
   * postgres.js loses connections whose reservation fails.
   */
  async reserve(): Promise<Connection> {
    return new Connection(this.#sql, this)
  }

  /** Runs a statement within the time limit. */
  async run<T>(sql: Sql, execute: () => Promise<T>): Promise<T> {
    const isFull = this.#state.pending >= this.#state.maxConnections * MAX_PENDING
    if (isFull) throw storeUnavailable('too many statements are pending')
    this.#state.pending++
    try {
      return await this.#attempt(sql, execute)
    } finally {
      this.#state.pending--
    }
  }

  async end(): Promise<void> {
    await this.#sql.end({ timeout: 1 })
  }

  async #attempt<T>(sql: Sql, execute: () => Promise<T>): Promise<T> {
    try {
      return await withTimeout(execute(), ANSWER_TIMEOUT_MS, () => new AnswerTimeout())
    } catch (error) {
      if (isConnectionLoss(error)) this.#replace(sql)
      else if (!isTemporary(error)) throw error
      throw storeUnavailable('the statement was not executed', error)
    }
  }

  #connect(): Sql {
    const options = {
      max: this.#state.maxConnections,
      connect_timeout: CONNECT_TIMEOUT_SECONDS,
      idle_timeout: IDLE_TIMEOUT_SECONDS,
      backoff: () => 0,
    }
    return connect(this.#url, options, { statement_timeout: STATEMENT_TIMEOUT_MS })
  }

  #replace(failed: Sql): void {
    const now = performance.now()
    if (this.#sql !== failed || now < this.#createdAt + END_TIMEOUT_SECONDS * 1000) return
    this.#createdAt = now
    this.#sql = this.#connect()
    failed.end({ timeout: END_TIMEOUT_SECONDS }).catch(() => {}) // an unhandled rejection would end the process
  }
}

/** Connection in the sense of Kysely. It holds a real connection only during a transaction. */
class Connection {
  readonly #sql: Sql
  readonly #pool: Pool
  #reserved: PostgresJSReservedSql | undefined
  #isLost = false

  constructor(sql: Sql, pool: Pool) {
    this.#sql = sql
    this.#pool = pool
  }

  async unsafe(query: string, parameters: never[], options: object) {
    try {
      if (this.#isLost) throw storeUnavailable('the connection was already lost')
      return await this.#pool.run(this.#sql, async () => {
        if (/^(begin|start transaction)/.test(query)) return this.#begin(query, options)
        return (this.#reserved ?? this.#sql).unsafe(query, parameters, options)
      })
    } catch (error) {
      this.#isLost ||= isConnectionLoss((error as Error).cause)
      // The server rolled back already, and kysely-postgres-js 5.0.0 turns a failed rollback into a TypeError
      if (this.#isLost && query === 'rollback') return []
      throw error
    }
  }

  /** Replaces the `onclose` of postgres.js, because writing to a closed connection would end the process. */
  async #begin(query: string, options: object) {
    const onexecute = (connection: { onclose: () => void }) => {
      connection.onclose = () => {
        this.#isLost = true
      }
      return true
    }
    this.#reserved = await this.#sql.reserve()
    return this.#reserved.unsafe(query, [], { ...options, onexecute })
  }

  release(): void {
    if (!this.#isLost) this.#reserved?.release() // a lost connection would be reused
  }
}

class AnswerTimeout extends Error {
  readonly code = 'EANSWERTIMEOUT'
  override message = `no answer in ${ANSWER_TIMEOUT_MS} ms`
}

/** Codes of timeouts, sockets (`ECONNRESET`), postgres.js (`CONNECTION_CLOSED`) and TLS (`CERT_HAS_EXPIRED`). */
function isConnectionLoss(error: unknown): boolean {
  return /^(CONNECT|E(AI_)?[A-Z]+$|ERR_(SSL|TLS))|CERT|SIGNATURE/.test(codeOf(error))
}

/**
 * https://www.postgresql.org/docs/current/errcodes-appendix.html: connection, read-only standby, authentication,
 * missing database or table (not created yet), resources, operator intervention (and statement timeout), system.
 */
function isTemporary(error: unknown): boolean {
  return /^(08...|25006|28...|3D000|42P01|53...|57...|58...)$/.test(codeOf(error))
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code)
}
