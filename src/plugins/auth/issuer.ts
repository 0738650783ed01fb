import { fetchKeys } from './fetch-keys.ts'
import { endpointOf, IssuerMetadata, TIMEOUT_MS } from './issuer-metadata.ts'
import { type FetchOutcome, KeySet } from './key-set.ts'

export interface IssuerOptions {
  readonly algorithms: readonly string[]
  readonly maxStaleMs: number
  readonly onFetch: (outcome: FetchOutcome) => void
}

/** A trusted issuer: its metadata and its keys. */
export class Issuer {
  /** The exact issuer identifier. */
  readonly name: string
  readonly metadata: IssuerMetadata
  readonly keySet: KeySet

  constructor(name: string, { algorithms, maxStaleMs, onFetch }: IssuerOptions) {
    this.name = name
    this.metadata = new IssuerMetadata(name)
    this.keySet = new KeySet({
      issuer: name,
      maxStaleMs,
      onFetch,
      fetchKeys: async (now) => {
        const signal = AbortSignal.timeout(TIMEOUT_MS) // one time-out for both documents
        const jwksUri = endpointOf(await this.metadata.fetch(now, signal), 'jwks_uri')
        return fetchKeys(jwksUri, algorithms, signal)
      },
    })
  }
}
