import { readFile } from 'node:fs/promises'
import { isObject } from '../../http/fetch-json.ts'
import { compileMapping, type MapClaims } from './claim-mapping.ts'
import { fetchKeys, importKeys } from './fetch-keys.ts'
import { IssuerMetadata, TIMEOUT_MS } from './issuer-metadata.ts'
import type { IssuerOptions } from './issuer-options.ts'
import type { Jwk } from './jwk.ts'
import { type FetchOutcome, FRESH_MS, KeySet } from './key-set.ts'
import { compilePolicy, type Policy, type PolicyDefaults } from './policy.ts'
import type { SigningKey } from './signing-key.ts'
import { type OpenTenants, openTenants } from './tenants.ts'
import type { Claims } from './verified-token.ts'

/** Age up to which a key set from a file is used without reading it again. */
const FILE_FRESH_MS = 60_000

export interface IssuerDefaults extends PolicyDefaults {
  readonly maxStaleMs: number
  readonly onFetch: (outcome: FetchOutcome) => void
}

/** A trusted issuer: its rules, its metadata and its keys. */
export class Issuer {
  /** The exact issuer identifier, with `{tid}` in the place of any tenant. */
  readonly name: string
  readonly policy: Policy
  readonly mapClaims: MapClaims
  readonly metadata: IssuerMetadata
  readonly keySet: KeySet
  readonly #options: IssuerOptions
  readonly #tenants: OpenTenants | undefined

  /** @throws {TypeError} if the rules would let anyone in, or a pointer is not valid */
  constructor(options: IssuerOptions, defaults: IssuerDefaults) {
    this.name = options.issuer
    this.#options = options
    this.#tenants = openTenants(options)
    this.policy = compilePolicy(options, defaults)
    this.mapClaims = compileMapping(options)
    this.metadata = new IssuerMetadata(options)
    this.keySet = new KeySet({
      issuer: this.name,
      maxStaleMs: defaults.maxStaleMs,
      freshMs: options.jwksFile === undefined ? FRESH_MS : FILE_FRESH_MS,
      origin: options.jwksFile === undefined ? 'fetched' : 'file',
      onFetch: defaults.onFetch,
      fetchKeys: (now) => this.downloadKeys(now),
    })
  }

  /** Tells whether the issuer accepts every tenant of a provider and this is one of them. */
  hasTenant(issuer: string): boolean {
    return this.#tenants?.includes(issuer) === true
  }

  /** Tells whether the key may sign the token. The tenants of a provider share a key set. */
  mayBeSignedBy(claims: Claims, key: SigningKey): boolean {
    return this.#tenants === undefined || this.#tenants.mayBeSignedBy(claims, key.issuer)
  }

  /** File with the keys, which are then not downloaded. */
  get jwksFile(): string | undefined {
    return this.#options.jwksFile
  }

  /**
   * Uses keys that an earlier process has downloaded until the first download.
   *
   * @throws {Error} if there is none
   */
  async restoreKeys(jwks: readonly Jwk[], fetchedAt: number): Promise<void> {
    this.keySet.restore(await importKeys({ keys: jwks }, this.policy.algorithms), fetchedAt)
  }

  /** Downloads the keys without storing them. Throws errors for the log. */
  async downloadKeys(now: number): Promise<readonly SigningKey[]> {
    const { jwksFile, jwksUri } = this.#options
    const { algorithms } = this.policy
    if (jwksFile !== undefined) return importKeys(await readJson(jwksFile), algorithms)
    const signal = AbortSignal.timeout(TIMEOUT_MS) // one time-out for both documents
    const url = jwksUri ?? this.metadata.endpoint(await this.metadata.fetch(now, signal), 'jwks_uri')
    return fetchKeys(url, algorithms, signal)
  }
}

/** @throws {Error} if the file is not a JSON object */
async function readJson(path: string): Promise<Readonly<Record<string, unknown>>> {
  const document: unknown = JSON.parse(await readFile(path, 'utf8'))
  if (!isObject(document)) throw new Error(`${path} is not a JSON object`)
  return document
}

/** Finds the issuer of a token, before any of its claims is trusted. */
export class Issuers {
  readonly byName: ReadonlyMap<string, Issuer>
  readonly #open: readonly Issuer[]

  constructor(issuers: readonly Issuer[]) {
    this.byName = new Map(issuers.map((issuer) => [issuer.name, issuer]))
    this.#open = issuers.filter(({ name }) => name.includes('{tid}'))
  }

  /** @param name the `iss` claim */
  find(name: unknown): Issuer | undefined {
    if (typeof name !== 'string') return undefined
    return this.byName.get(name) ?? this.#open.find((issuer) => issuer.hasTenant(name))
  }
}
