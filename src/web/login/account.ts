import { toBoolean } from '../../schemas/boolean.ts'
import { toText } from '../../schemas/text.ts'
import type { IdTokenClaims } from './tokens.ts'

const MAX_LENGTH = 2_000

/** Claims of the ID token that the web app shows (OpenID Connect Core 1.0, 5.1). */
export interface Account {
  readonly sub: string
  readonly nickname?: string
  readonly name?: string
  readonly picture?: string
  readonly updated_at?: string
  readonly email?: string
  readonly email_verified?: boolean
}

/** Picks the claims that have the expected type. Some issuers send `updated_at` as a number (Core 1.0, 5.1). */
export function toAccount({ sub, updated_at, email_verified, ...claims }: IdTokenClaims): Account {
  const texts = ['nickname', 'name', 'picture', 'email'].flatMap((name) => {
    const value = toText(claims[name], MAX_LENGTH)
    return value === undefined ? [] : [[name, value]]
  })
  const time = typeof updated_at === 'number' ? toIsoTime(updated_at) : toText(updated_at, MAX_LENGTH)
  const verified = toBoolean(email_verified)
  return {
    sub,
    ...Object.fromEntries(texts),
    ...(time === undefined ? {} : { updated_at: time }),
    ...(verified === undefined ? {} : { email_verified: verified }),
  }
}

function toIsoTime(seconds: number): string | undefined {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}
