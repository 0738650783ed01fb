import type { FastifyBaseLogger } from 'fastify'
import type { Verifier } from '../auth/index.ts'
import type { Store } from '../store/index.ts'
import { deleteExpiredRevocations, readRevocations } from '../store/tables/revocations.ts'
import { RevocationList } from './list.ts'

/** Rows of a read. */
export const PAGE = 5_000
/** Rows that are read again each time, since transactions may commit in another order than that of their ids. */
export const OVERLAP = 100
/** Maximum rows of a deletion, so that none blocks the database noticeably. */
const MAX_DELETED = 1_000

export interface RevocationsOptions {
  readonly store: Store
  readonly verifier: Verifier
  /** Time for which a revocation is needed. */
  readonly lifetimeMs: number
  readonly log: FastifyBaseLogger
}

/** Keeps the list of revoked tokens of this process up to date, and the verifier with it. */
export class Revocations {
  /** Time after which all tokens issued now have expired. */
  readonly lifetimeMs: number
  readonly #options: RevocationsOptions
  readonly #list = new RevocationList()
  readonly #includes = this.#list.includes.bind(this.#list)
  /** Tells other processes that there are new rows. */
  notify: () => void = () => {}
  #reading: Promise<void> | undefined
  #readAt: number
  #hasFailed = false

  /** @param now milliseconds since the epoch */
  constructor(options: RevocationsOptions, now: number) {
    this.#options = options
    this.lifetimeMs = options.lifetimeMs
    this.#readAt = now
  }

  /** Number of revoked values. */
  get size(): number {
    return this.#list.size
  }

  /** Time since the last successful read, or since the start. */
  ageMs(now: number): number {
    return now - this.#readAt
  }

  /** Makes new revocations known to this process and to the others. Call it after they were written. Never rejects. */
  async spread(): Promise<void> {
    this.notify()
    await this.refresh()
  }

  /** Reads what was written before the call. Never rejects: without the database, the list stays as it is. */
  async refresh(): Promise<void> {
    await this.#reading // it may have begun before the write
    this.#reading ??= this.#read(Date.now()).finally(() => {
      this.#reading = undefined
    })
    await this.#reading
  }

  /** Removes expired revocations from the list and from the database. Never rejects: the next call tries again. */
  async deleteExpired(now: number): Promise<void> {
    this.#list.prune(now)
    this.#attach()
    try {
      while (await deleteExpiredRevocations(this.#options.store, now, MAX_DELETED));
    } catch (error) {
      this.#options.log.warn({ err: error }, 'expired revocations not deleted; the next interval tries again')
    }
  }

  async #read(now: number): Promise<void> {
    const { store, log } = this.#options
    try {
      let after = Math.max(0, this.#list.lastId - OVERLAP)
      for (;;) {
        const entries = await readRevocations(store, after, PAGE, now)
        this.#list.apply(entries)
        if (entries.length < PAGE) break
        after = this.#list.lastId
      }
      this.#readAt = now
      if (this.#hasFailed) log.info({ revocations: this.size }, 'revocations can be read again')
      this.#hasFailed = false
    } catch (error) {
      if (!this.#hasFailed) log.warn({ err: error }, 'revocations cannot be read; the known ones stay in use')
      this.#hasFailed = true
    }
    this.#attach()
  }

  /** Without revocations, the verifier has nothing to ask. */
  #attach(): void {
    this.#options.verifier.isRevoked = this.size === 0 ? undefined : this.#includes
  }
}
