import type { Issuer } from './issuer.ts'

export interface IssuerReport {
  readonly issuer: string
  /** Number of usable keys. */
  readonly keys: number
  /** Reason why the issuer cannot be used. */
  readonly fault?: string
}

/** Downloads the keys of every issuer once. */
export function askIssuers(issuers: Iterable<Issuer>, now: number): Promise<IssuerReport[]> {
  return Promise.all([...issuers].map((issuer) => ask(issuer, now)))
}

async function ask(issuer: Issuer, now: number): Promise<IssuerReport> {
  const { name } = issuer
  try {
    const { length: keys } = await issuer.downloadKeys(now)
    return { issuer: name, keys, ...(keys === 0 && { fault: 'its key set has no usable key' }) }
  } catch (error) {
    return { issuer: name, keys: 0, fault: describe(error as Error) }
  }
}

/** `fetch` hides the reason of a failed connection in the cause. */
function describe({ message, cause }: Error): string {
  return cause instanceof Error
    ? `${message}: ${cause.message || String((cause as NodeJS.ErrnoException).code)}`
    : message
}
