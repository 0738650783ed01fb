import { Cooldown } from '../../http/cooldown.ts'
import { fetchJson, StatusError } from '../../http/fetch-json.ts'
import { withTimeout } from '../../http/with-timeout.ts'
import type { Issuer, VerifiedToken } from '../auth/index.ts'
import type { Profile } from '../store/tables/user.ts'
import { toProfile } from './profile.ts'

/** Time a caller waits for the discovery document and the profile together. */
export const TIMEOUT_MS = 2_000
/** Time after a failure without requests to the issuer: it may be down or limit its callers. */
export const COOLDOWN_MS = 60_000

export interface UserinfoOptions {
  readonly issuers: ReadonlyMap<string, Issuer>
  /** Called after every look-up that failed, for logging. */
  readonly onFailure: (issuer: string, error: unknown) => void
}

/** Client for the UserInfo endpoints of issuers (OpenID Connect Core 1.0, section 5.3). Uses the callers' tokens. */
export class Userinfo {
  readonly #options: UserinfoOptions
  readonly #cooldowns: ReadonlyMap<string, Cooldown>

  constructor(options: UserinfoOptions) {
    this.#options = options
    this.#cooldowns = new Map([...options.issuers.keys()].map((name) => [name, new Cooldown(COOLDOWN_MS)]))
  }

  /**
   * Requests the profile of the token's subject. Never throws, and never takes longer than {@link TIMEOUT_MS}.
   *
   * @param authorization the header that contains the token
   * @param now milliseconds since the epoch
   * @returns undefined when the token is not valid for the endpoint, is of one of all tenants, the issuer fails or its cooldown is running
   */
  async lookUp(token: VerifiedToken, authorization: string, now: number): Promise<Profile | undefined> {
    const { issuer } = token
    const cooldown = this.#cooldowns.get(issuer)
    if (!cooldown || cooldown.remainingMs(now) > 0) return undefined
    try {
      const request = this.#request(token, authorization, now)
      return await withTimeout(request, TIMEOUT_MS, () => new Error(`no answer in ${TIMEOUT_MS} ms`))
    } catch (error) {
      if (!isRejection(error)) cooldown.start(now)
      this.#options.onFailure(issuer, error)
      return undefined
    }
  }

  async #request(token: VerifiedToken, authorization: string, now: number): Promise<Profile | undefined> {
    const { metadata } = this.#options.issuers.get(token.issuer) as Issuer
    const endpoint = metadata.endpoint(await metadata.get(now), 'userinfo_endpoint')
    if (!isFor(token, endpoint)) return undefined
    const claims = await fetchJson(endpoint, AbortSignal.timeout(TIMEOUT_MS), { authorization })
    // Section 5.3.2: without this check, one user could get the claims of another
    if (claims.sub !== token.subject) throw new Error(`${endpoint} answered with another sub`)
    return toProfile(claims)
  }
}

/** Tells whether the issuer rejected this token. Other errors concern the issuer as a whole. */
function isRejection(error: unknown): boolean {
  return error instanceof StatusError && error.status >= 400 && error.status < 500 && error.status !== 429
}

/**
 * Tells whether a look-up may succeed, without any request. Tokens of machines have one audience and no `openid`, and a bound token
 * needs a proof that only the caller can make.
 */
export function mayHaveProfile({ scopes, claims, confirmation }: VerifiedToken): boolean {
  if (confirmation !== null) return false
  return scopes.includes('openid') || (Array.isArray(claims.aud) && claims.aud.length > 1)
}

/** Auth0 lists the endpoint in `aud`; all issuers list `openid` in `scope` (OpenID Connect Core 1.0, 3.1.2.1). */
function isFor({ scopes, claims }: VerifiedToken, endpoint: string): boolean {
  return scopes.includes('openid') || [claims.aud].flat().includes(endpoint)
}
