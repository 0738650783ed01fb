import type { IssuerKey } from '../../../helpers/issuer.ts'
import { type Part, rawToken, type Signer, signer } from '../../../helpers/raw-token.ts'
import type { Random } from './random.ts'

/** The parts of a valid token. */
export interface Base {
  readonly random: Random
  /** Seconds since the epoch. */
  readonly now: number
  /** Key that signs the token; the issuer publishes it. */
  readonly key: IssuerKey
  /** All keys that the issuer publishes. */
  readonly published: readonly IssuerKey[]
  /** Key of the same algorithm that only another issuer publishes. */
  readonly stranger: IssuerKey
  /** URL of that other issuer, which is not configured. */
  readonly strangersUrl: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** Derives a token from a valid one: most are broken, some are unusual and valid. */
export interface Mutation {
  readonly name: string
  /** Algorithms that it applies to. Default: all. */
  readonly algorithms?: readonly string[]
  readonly make: (base: Base) => string
}

/** Returns the valid token, or one with other parts and a valid signature. */
export function token(base: Base, parts: { header?: Part; claims?: Part; sign?: Signer } = {}): string {
  const { header = base.header, claims = base.claims, sign = genuine(base) } = parts
  return rawToken(header, claims, sign)
}

export function genuine({ key }: Base): Signer {
  return signer(key.privateKey, key.algorithm)
}

/** Returns the three segments of the valid token. */
export function segments(base: Base): [header: string, payload: string, signature: string] {
  return token(base).split('.') as [string, string, string]
}

export function withHeader(name: string, parameters: Record<string, unknown>): Mutation {
  return {
    name: `header: ${name}`,
    make: (base) => token(base, { header: { ...base.header, ...parameters } }),
  }
}

export function withClaims(name: string, change: (base: Base) => Record<string, unknown>): Mutation {
  return {
    name: `claims: ${name}`,
    make: (base) => token(base, { claims: { ...base.claims, ...change(base) } }),
  }
}

/** Replaces one member of a JSON object by the given text, which may be anything that JSON allows. */
export function withMember(json: object, name: string, valueText: string): string {
  const rest = JSON.stringify({ ...json, [name]: undefined }).slice(1, -1)
  return `{${rest},${JSON.stringify(name)}:${valueText}}`
}
