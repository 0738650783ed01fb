import type { IDToken, TokenEndpointResponse } from 'openid-client'
import type { Account } from './account.ts'

/** What the issuer has given for a session. */
export interface Tokens {
  readonly accessToken: string
  /** How long, from when the issuer was asked; undefined when it does not say. */
  readonly lifetimeMs: number | undefined
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
}

/** Of an ID token that has passed all checks. */
export type IdTokenClaims = IDToken

export function toTokens(answer: TokenEndpointResponse): Tokens {
  const { access_token, expires_in = 0, refresh_token, id_token } = answer
  return {
    accessToken: access_token,
    lifetimeMs: expires_in > 0 ? expires_in * 1000 : undefined,
    refreshToken: refresh_token,
    idToken: id_token,
  }
}

/** What of the claims is shown: texts that are texts. Some issuers give `updated_at` as a number (Core 1.0, 5.1). */
export function toAccount({ sub, updated_at, email_verified, ...claims }: IdTokenClaims): Account {
  const texts = ['nickname', 'name', 'picture', 'email'].flatMap((name) => {
    const value = toText(claims[name])
    return value === undefined ? [] : [[name, value]]
  })
  const time = typeof updated_at === 'number' ? toIsoTime(updated_at) : toText(updated_at)
  return {
    sub,
    ...Object.fromEntries(texts),
    ...(time === undefined ? {} : { updated_at: time }),
    ...(typeof email_verified === 'boolean' ? { email_verified } : {}),
  }
}

/** PostgreSQL does not take the character U+0000. */
export function toText(value: unknown): string | undefined {
  const isUsable = typeof value === 'string' && value !== '' && value.length <= 2_000 && !value.includes('\0')
  return isUsable ? value : undefined
}

function toIsoTime(seconds: number): string | undefined {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}
