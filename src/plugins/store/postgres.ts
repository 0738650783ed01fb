import { PostgresJSDialect, type PostgresJSReservedSql, type PostgresJSSql } from 'kysely-postgres-js'
import postgres, { type Options, type Sql } from 'postgres'
import { withTimeout } from '../../http/with-timeout.ts'
import { storeUnavailable } from './errors.ts'

const MAX_CONNECTIONS = 10
const MAX_UNANSWERED = 1_000
const CONNECT_TIMEOUT_SECONDS = 2
const IDLE_TIMEOUT_SECONDS = 60
/** Of the server: it cancels what takes longer. */
const STATEMENT_TIMEOUT_MS = 2_000
/** Of ours: a server that has not even cancelled by then is gone. */
const ANSWER_TIMEOUT_MS = 2_500
/** What was given up on may finish what it is at, and is not given up on more often. */
const END_TIMEOUT_SECONDS = 3

/** Kysely on PostgreSQL for the service: whatever happens to the database, a statement has ended in three seconds. */
export function postgresDialect(url: string): PostgresJSDialect {
  return new PostgresJSDialect({ postgres: () => new Pool(url) as unknown as PostgresJSSql })
}

/** For migrations: one connection, and statements may take their time. */
export function unhurriedDialect(url: string): PostgresJSDialect {
  return new PostgresJSDialect({ postgres: connect(url, { max: 1, connect_timeout: 10 }) })
}

function connect(databaseUrl: string, options: Options<Record<string, never>>, parameters = {}): Sql {
  const url = new URL(databaseUrl)
  // A pooler in transaction mode knows neither prepared statements nor the parameters of a session
  const isPooled = url.searchParams.get('pgbouncer') === 'true'
  url.searchParams.delete('pgbouncer') // postgres.js would send it to the server, which refuses it
  return postgres(url.href, {
    ...options,
    prepare: !isPooled,
    connection: { application_name: 'gatehouse', ...(isPooled ? {} : parameters) },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    onnotice: () => {},
  })
}

/**
 * The connections, in the words of Kysely's dialect. postgres.js alone would let a request wait for as long as a
 * server hangs, and puts off new attempts for up to 20 seconds. So a statement that is not answered is given up, and
 * with it all connections, of which some may be in no better state.
 */
class Pool {
  readonly #url: string
  #sql: Sql
  #madeAt = performance.now()
  #unanswered = 0

  constructor(url: string) {
    this.#url = url
    this.#sql = this.#connect()
  }

  /**
   * Reserves nothing until a transaction begins: single statements need no connection of their own, and postgres.js
   * loses connections whose reservation has failed.
   */
  async reserve(): Promise<Connection> {
    return new Connection(this.#sql, this)
  }

  /** Waits for an answer of the server, but not for long. */
  async answer<T>(sql: Sql, ask: () => Promise<T>): Promise<T> {
    if (this.#unanswered >= MAX_UNANSWERED) throw storeUnavailable('too many wait for the database')
    this.#unanswered++
    try {
      return await this.#attempt(sql, ask)
    } finally {
      this.#unanswered--
    }
  }

  async end(): Promise<void> {
    await this.#sql.end({ timeout: 1 })
  }

  async #attempt<T>(sql: Sql, ask: () => Promise<T>): Promise<T> {
    try {
      return await withTimeout(ask(), ANSWER_TIMEOUT_MS, () => new Unanswered())
    } catch (error) {
      if (isLoss(error)) this.#renew(sql)
      else if (!isRefusal(error)) throw error
      throw storeUnavailable('the statement was not answered', error)
    }
  }

  #connect(): Sql {
    const options = {
      max: MAX_CONNECTIONS,
      connect_timeout: CONNECT_TIMEOUT_SECONDS,
      idle_timeout: IDLE_TIMEOUT_SECONDS,
      backoff: () => 0,
    }
    return connect(this.#url, options, { statement_timeout: STATEMENT_TIMEOUT_MS })
  }

  #renew(failed: Sql): void {
    const now = performance.now()
    if (this.#sql !== failed || now < this.#madeAt + END_TIMEOUT_SECONDS * 1000) return
    this.#madeAt = now
    this.#sql = this.#connect()
    failed.end({ timeout: END_TIMEOUT_SECONDS })
  }
}

/** What Kysely takes for a connection. It is one from the beginning of a transaction to its end. */
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
      if (this.#isLost) throw storeUnavailable('the connection was lost before')
      return await this.#pool.answer(this.#sql, async () => {
        if (/^(begin|start transaction)/.test(query)) return this.#begin(query, options)
        return (this.#reserved ?? this.#sql).unsafe(query, parameters, options)
      })
    } catch (error) {
      this.#isLost ||= isLoss((error as Error).cause)
      // The server has done it; and kysely-postgres-js 5.0.0 answers a failed one with a TypeError of its own
      if (this.#isLost && query === 'rollback') return []
      throw error
    }
  }

  /** Hears of the connection's end as postgres.js itself does: writing to a dead one would end the process. */
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
    if (!this.#isLost) this.#reserved?.release() // a dead one would be handed out again
  }
}

class Unanswered extends Error {
  readonly code = 'EUNANSWERED'
  override message = `no answer in ${ANSWER_TIMEOUT_MS} ms`
}

/** Ours, those of sockets (`ECONNRESET`), of postgres.js (`CONNECTION_CLOSED`) and of TLS (`CERT_HAS_EXPIRED`). */
function isLoss(error: unknown): boolean {
  return /^(CONNECT|E(AI_)?[A-Z]+$|ERR_(SSL|TLS))|CERT|SIGNATURE/.test(codeOf(error))
}

/**
 * https://www.postgresql.org/docs/current/errcodes-appendix.html: connection, read-only standby, log-in, no such
 * database or table (yet), resources, operator (statement timeout, too), system.
 */
function isRefusal(error: unknown): boolean {
  return /^(08...|25006|28...|3D000|42P01|53...|57...|58...)$/.test(codeOf(error))
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code)
}
