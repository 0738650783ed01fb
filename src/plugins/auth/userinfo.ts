import { fetchJson } from '../../http/fetch-json.ts'
import { secureUrl } from '../../http/secure-url.ts'
import { fetchDiscovery } from './fetch-keys.ts'
import type { VerifiedToken } from './verified-token.ts'

/** The caller waits for both documents together no longer than this. */
export const TIMEOUT_MS = 2_000
/** After a failure, for all people of the issuer: it may be down, or have had enough. */
export const PAUSE_MS = 60_000
const MAX_TEXT_LENGTH = 2_000

/** What an issuer says of a person (OpenID Connect Core, section 5.1). */
export interface Profile {
  readonly email: string | null
  readonly emailVerified: boolean | null
  readonly name: string | null
  readonly picture: string | null
}

export interface UserinfoOptions {
  /** Told of every look-up that failed: for the log. */
  readonly onFailure: (issuer: string, error: unknown) => void
}

/** Asks the UserInfo endpoints of issuers (OpenID Connect Core, section 5.3) with the callers' own tokens. */
export class Userinfo {
  readonly #options: UserinfoOptions
  readonly #endpoints = new Map<string, string>()
  readonly #failedAt = new Map<string, number>()

  constructor(options: UserinfoOptions) {
    this.#options = options
  }

  /**
   * Who the token belongs to, or nothing: the token is not for that, the issuer has failed lately, or fails now.
   * Never throws, never takes longer than {@link TIMEOUT_MS}.
   *
   * @param authorization the header the token came in
   * @param now milliseconds since the epoch
   */
  async lookUp(token: VerifiedToken, authorization: string, now: number): Promise<Profile | undefined> {
    const { issuer } = token
    if (this.#isPaused(issuer, now)) return undefined
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const endpoint = await this.#endpoint(issuer, signal)
      if (!isFor(token, endpoint)) return undefined
      const claims = await fetchJson(endpoint, signal, { authorization })
      // Section 5.3.2: otherwise one person's claims could be taken for another's
      if (claims.sub !== token.subject) throw new Error(`${endpoint} answered with another sub`)
      return toProfile(claims)
    } catch (error) {
      this.#failedAt.set(issuer, now)
      this.#options.onFailure(issuer, error)
      return undefined
    }
  }

  #isPaused(issuer: string, now: number): boolean {
    const failedAt = this.#failedAt.get(issuer)
    return failedAt !== undefined && now >= failedAt && now < failedAt + PAUSE_MS
  }

  async #endpoint(issuer: string, signal: AbortSignal): Promise<string> {
    const known = this.#endpoints.get(issuer)
    if (known !== undefined) return known
    const { userinfo_endpoint } = await fetchDiscovery(issuer, signal)
    if (typeof userinfo_endpoint !== 'string' || !secureUrl(userinfo_endpoint))
      throw new Error('userinfo_endpoint is missing or not https')
    this.#endpoints.set(issuer, userinfo_endpoint)
    return userinfo_endpoint
  }
}

/** Whether a look-up may be worth it, before anything is fetched: a machine's token is for one audience and no more. */
export function mayHaveProfile({ scopes, claims }: VerifiedToken): boolean {
  return scopes.includes('openid') || (Array.isArray(claims.aud) && claims.aud.length > 1)
}

/** Auth0 names the endpoint in `aud`; all name `openid` in `scope` (OpenID Connect Core, section 3.1.2.1). */
function isFor({ scopes, claims }: VerifiedToken, endpoint: string): boolean {
  return scopes.includes('openid') || [claims.aud].flat().includes(endpoint)
}

/** Nothing of use is no profile: another token may be told more. */
function toProfile({ email, email_verified, name, picture }: Record<string, unknown>): Profile | undefined {
  const profile = {
    email: toText(email),
    emailVerified: typeof email_verified === 'boolean' ? email_verified : null,
    name: toText(name),
    picture: toText(picture),
  }
  return profile.email === null && profile.name === null ? undefined : profile
}

/** People choose these themselves. PostgreSQL does not take the character U+0000. */
function toText(value: unknown): string | null {
  const isUsable =
    typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_LENGTH && !value.includes('\0')
  return isUsable ? value : null
}
