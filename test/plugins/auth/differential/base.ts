import type { IssuerKey } from '../../../helpers/issuer.ts'
import { type Part, rawToken, type Signer, signer } from '../../../helpers/raw-token.ts'
import type { Random } from './random.ts'

/** What a valid token is made of. */
export interface Base {
  readonly random: Random
  /** Seconds since the epoch. */
  readonly now: number
  /** Signs the token; published by the issuer. */
  readonly key: IssuerKey
  /** Every key that the issuer publishes. */
  readonly published: readonly IssuerKey[]
  /** A key of the same algorithm, published by another issuer only. */
  readonly stranger: IssuerKey
  /** That other issuer, which is not configured. */
  readonly strangersUrl: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** A way to break a token. */
export interface Oddity {
  readonly name: string
  /** Only for keys of these algorithms, if told. */
  readonly algorithms?: readonly string[]
  readonly make: (base: Base) => string
}

/** The valid token, or one with other parts under a signature that holds. */
export function token(base: Base, parts: { header?: Part; claims?: Part; sign?: Signer } = {}): string {
  const { header = base.header, claims = base.claims, sign = genuine(base) } = parts
  return rawToken(header, claims, sign)
}

export function genuine({ key }: Base): Signer {
  return signer(key.privateKey, key.algorithm)
}

/** The three segments of the valid token. */
export function segments(base: Base): [header: string, payload: string, signature: string] {
  return token(base).split('.') as [string, string, string]
}

export function withHeader(name: string, parameters: Record<string, unknown>): Oddity {
  return {
    name: `header: ${name}`,
    make: (base) => token(base, { header: { ...base.header, ...parameters } }),
  }
}

export function withClaims(name: string, change: (base: Base) => Record<string, unknown>): Oddity {
  return {
    name: `claims: ${name}`,
    make: (base) => token(base, { claims: { ...base.claims, ...change(base) } }),
  }
}

/** JSON text with one member replaced by text that need not be what `JSON.stringify` would write. */
export function withMember(json: object, name: string, valueText: string): string {
  const rest = JSON.stringify({ ...json, [name]: undefined }).slice(1, -1)
  return `{${rest},${JSON.stringify(name)}:${valueText}}`
}
