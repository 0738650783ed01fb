import type { VerifiedToken } from '../auth/index.ts'
import { hashRevoked, type RevocationEntry, type RevocationKind } from '../store/tables/revocation.ts'

interface Entry {
  /** Id of the newest row of this value. */
  readonly id: number
  readonly before: number
  readonly until: number
}

/**
 * The revoked tokens, in memory. A known token is looked up once after each addition; otherwise its check is one comparison.
 * Times are milliseconds since the epoch, except `before`.
 */
export class RevocationList {
  readonly #entries: Readonly<Record<RevocationKind, Map<string, Entry>>> = {
    jti: new Map(),
    sid: new Map(),
    sub: new Map(),
    client: new Map(),
  }
  /** Number of additions. */
  #generation = 0
  /** Tokens that were not revoked, with the generation at that time. */
  readonly #accepted = new WeakMap<VerifiedToken, number>()
  /** Largest id of an entry so far. */
  lastId = 0

  /** Number of revoked values. */
  get size(): number {
    return this.#maps.reduce((sum, { size }) => sum + size, 0)
  }

  /** Adds and removes entries. Entries that are known already have no effect. */
  apply(entries: readonly RevocationEntry[]): void {
    for (const entry of entries) {
      this.lastId = Math.max(this.lastId, entry.id)
      if (entry.kind === 'removed') this.#remove(entry)
      else this.#add(this.#entries[entry.kind], entry)
    }
  }

  /** Removes entries whose tokens have expired. */
  prune(now: number): void {
    for (const map of this.#maps) for (const [hash, { until }] of map) if (until <= now) map.delete(hash)
  }

  /** Tells whether a token is revoked. */
  includes(token: VerifiedToken): boolean {
    if (this.#accepted.get(token) === this.#generation) return false
    if (identifiersOf(token).some(([kind, value]) => this.#isRevoked(token, kind, value))) return true
    this.#accepted.set(token, this.#generation)
    return false
  }

  get #maps() {
    return Object.values(this.#entries)
  }

  #isRevoked({ issuer, claims: { iat } }: VerifiedToken, kind: RevocationKind, value: unknown): boolean {
    const map = this.#entries[kind]
    if (map.size === 0 || typeof value !== 'string') return false
    const entry = map.get(hashRevoked(issuer, kind, value))
    // The time of a token without `iat` is not known, so it is rejected. The verifier has checked its type
    return entry !== undefined && (iat === undefined || (iat as number) < entry.before)
  }

  #add(map: Map<string, Entry>, { id, valueHash, before, until }: RevocationEntry): void {
    const known = map.get(valueHash)
    const isCovered = known && known.before >= before && known.until >= until
    if (!isCovered) this.#generation++
    map.set(valueHash, {
      id: Math.max(id, known?.id ?? 0),
      before: Math.max(before, known?.before ?? 0),
      until: Math.max(until, known?.until ?? 0),
    })
  }

  #remove({ id, valueHash }: RevocationEntry): void {
    for (const map of this.#maps) {
      const known = map.get(valueHash)
      if (known && known.id < id) map.delete(valueHash)
    }
  }
}

function identifiersOf({ subject, clientId, sid, claims }: VerifiedToken): [RevocationKind, unknown][] {
  return [
    ['jti', claims.jti],
    ['sid', sid],
    ['sub', subject],
    ['client', clientId],
  ]
}
