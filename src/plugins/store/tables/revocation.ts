import { hash } from 'node:crypto'
import { type Static, Type } from 'typebox'

/** Claims by which tokens are revoked: one token, one session, all tokens of a user, all tokens of a client. */
export const revocationKinds = ['jti', 'sid', 'sub', 'client'] as const

export type RevocationKind = (typeof revocationKinds)[number]

/** Tokens that are rejected although they have not expired. */
export const Revocation = Type.Object(
  {
    id: Type.Integer(),
    issuer: Type.String({ description: 'Issuer of the tokens' }),
    kind: Type.Enum([...revocationKinds], {
      description: 'Claim that names the tokens. Its value is not stored',
    }),
    before: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description: 'Tokens that were issued earlier are revoked; null means all',
    }),
    until: Type.String({
      format: 'date-time',
      description: 'Time from which all of these tokens have expired',
    }),
    reason: Type.Union([Type.String(), Type.Null()]),
    createdAt: Type.String({ format: 'date-time' }),
  },
  { title: 'Revocation', description: 'Access tokens that are rejected although they have not expired' },
)

export type Revocation = Readonly<Static<typeof Revocation>>

/** The tokens to revoke. */
export interface NewRevocation {
  readonly issuer: string
  readonly kind: RevocationKind
  readonly value: string
  /** Tokens issued earlier are revoked, in seconds since the epoch. Undefined: all. */
  readonly before: number | undefined
  /** Time from which all of these tokens have expired, in milliseconds since the epoch. */
  readonly until: number
  readonly reason: string | undefined
}

/** A row for the list in the memory of a process. */
export interface RevocationEntry {
  readonly id: number
  /** `removed` ends the earlier revocations of its value. */
  readonly kind: RevocationKind | 'removed'
  readonly valueHash: string
  /** Seconds since the epoch. Infinity: all tokens. */
  readonly before: number
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** Hashes the value of a claim, so that the table does not contain it. */
export function hashRevoked(issuer: string, kind: RevocationKind, value: string): string {
  return hash('sha256', JSON.stringify([issuer, kind, value]), 'base64url')
}
