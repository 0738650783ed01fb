import type { FastifyBaseLogger } from 'fastify'
import type { Sealer } from '../../crypto/sealer.ts'
import type { Issuer, Jwk } from '../auth/index.ts'
import type { Store } from '../store/index.ts'
import { type KeptKeySet, listKeySets, saveKeySet } from '../store/tables/key-sets.ts'

/** Time between two writes of the same keys. It makes kept keys look older than they are by as much. */
export const SAVE_INTERVAL_MS = 10 * 60_000

export interface KeptKeysOptions {
  readonly store: Store
  readonly sealer: Sealer
  /** Age from which kept keys are not used. */
  readonly maxStaleMs: number
  readonly log: FastifyBaseLogger
}

/**
 * The key sets that a process has fetched, for its successors. They are sealed, because anyone who can write to the database
 * could otherwise provide a signing key. Times are milliseconds since the epoch.
 */
export class KeptKeys {
  readonly #options: KeptKeysOptions
  /** Last saved keys by issuer. */
  readonly #saved = new Map<string, { readonly text: string; readonly at: number }>()

  constructor(options: KeptKeysOptions) {
    this.#options = options
  }

  /** Gives the issuers their kept keys. Never rejects: without them the issuers are asked. */
  async restore(issuers: readonly Issuer[], now: number): Promise<void> {
    const byName = new Map(issuers.map((issuer) => [issuer.name, issuer]))
    try {
      for (const kept of await listKeySets(this.#options.store)) {
        const issuer = byName.get(kept.issuer)
        if (issuer) await this.#restoreKeys(issuer, kept, now)
      }
    } catch (error) {
      this.#options.log.warn({ err: error }, 'kept key sets cannot be read')
    }
  }

  /** Saves the keys of an issuer after a download. Never rejects: the next download tries again. */
  async save({ name, keySet }: Issuer, fetchedAt: number): Promise<void> {
    const { store, sealer, log } = this.#options
    const { jwks } = keySet
    const text = JSON.stringify(jwks)
    const last = this.#saved.get(name)
    if (last?.text === text && fetchedAt < last.at + SAVE_INTERVAL_MS) return
    try {
      const sealed = sealer.seal(jwks, placeOf(name, fetchedAt))
      await saveKeySet(store, { issuer: name, sealed, fetchedAt })
      this.#saved.set(name, { text, at: fetchedAt })
    } catch (error) {
      log.warn({ issuer: name, err: error }, 'key set not kept; the next fetch tries again')
    }
  }

  async #restoreKeys(issuer: Issuer, { sealed, fetchedAt }: KeptKeySet, now: number): Promise<void> {
    const { sealer, maxStaleMs, log } = this.#options
    const { name } = issuer
    if (now >= fetchedAt + maxStaleMs) return
    const jwks = sealer.open(sealed, placeOf(name, fetchedAt)) as readonly Jwk[] | undefined
    if (jwks === undefined) {
      log.warn({ issuer: name }, 'kept key set ignored: it was changed, or sealed with another secret')
      return
    }
    if (jwks.length === 0) return
    // A clock that was set back must not make the keys younger than new ones
    await issuer.restoreKeys(jwks, Math.min(fetchedAt, now))
    log.info({ issuer: name, keys: issuer.keySet.size }, 'kept key set in use until the first fetch')
  }
}

/** The time is sealed with the keys: otherwise old keys could be made young. */
function placeOf(issuer: string, fetchedAt: number): string {
  return JSON.stringify([issuer, fetchedAt])
}
