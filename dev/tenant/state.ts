import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS named (name TEXT PRIMARY KEY, json TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS accounts (email TEXT PRIMARY KEY, json TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS records (
    model TEXT NOT NULL,
    id TEXT NOT NULL,
    json TEXT NOT NULL,
    expires_at INTEGER,
    grant_id TEXT,
    uid TEXT,
    user_code TEXT,
    PRIMARY KEY (model, id)
  );
  CREATE INDEX IF NOT EXISTS records_grant ON records (grant_id);
`

type Value = string | number | null

/** Keys, accounts, sessions and grants of the tenant, which survive a restart. */
export class State {
  readonly #database: DatabaseSync

  /** @param file SQLite file, or `:memory:` for a state that ends with the process */
  constructor(file = ':memory:') {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    this.#database = new DatabaseSync(file)
    this.#database.exec(schema)
    this.run('DELETE FROM records WHERE expires_at < ?', Date.now())
  }

  get<T>(name: string): T | undefined {
    const row = this.first('SELECT json FROM named WHERE name = ?', name)
    return row && JSON.parse(String(row.json))
  }

  set(name: string, value: unknown): void {
    this.run('INSERT OR REPLACE INTO named (name, json) VALUES (?, ?)', name, JSON.stringify(value))
  }

  clear(): void {
    this.#database.exec('DELETE FROM named; DELETE FROM accounts; DELETE FROM records')
  }

  first(sql: string, ...values: Value[]): Record<string, unknown> | undefined {
    return this.#database.prepare(sql).get(...values)
  }

  all(sql: string, ...values: Value[]): Record<string, unknown>[] {
    return this.#database.prepare(sql).all(...values)
  }

  run(sql: string, ...values: Value[]): void {
    this.#database.prepare(sql).run(...values)
  }

  close(): void {
    this.#database.close()
  }
}
