import { Cooldown } from '../../http/cooldown.ts'
import { fetchJson, StatusError } from '../../http/fetch-json.ts'
import { withTimeout } from '../../http/with-timeout.ts'
import { endpointOf, type Issuer, type VerifiedToken } from '../auth/index.ts'
import type { Profile } from '../store/tables/user.ts'
import { toProfile } from './profile.ts'

/** Time a caller waits for the discovery document and the profile together. */
export const TIMEOUT_MS = 2_000
/** Time after a failure in which the issuer is not asked for anyone: it may be down, or limit its callers. */
export const COOLDOWN_MS = 60_000

export interface UserinfoOptions {
  readonly issuers: ReadonlyMap<string, Issuer>
  /** Called after every look-up that failed, for logging. */
  readonly onFailure: (issuer: string, error: unknown) => void
}

/** Asks the UserInfo endpoints of issuers (OpenID Connect Core 1.0, section 5.3) with the callers' own tokens. */
export class Userinfo {
  readonly #options: UserinfoOptions
  readonly #cooldowns: ReadonlyMap<string, Cooldown>

  constructor(options: UserinfoOptions) {
    this.#options = options
    this.#cooldowns = new Map([...options.issuers.keys()].map((name) => [name, new Cooldown(COOLDOWN_MS)]))
  }

  /**
   * The profile of the token's subject. Never throws, never takes longer than {@link TIMEOUT_MS}.
   *
   * @param authorization the header the token came in
   * @param now milliseconds since the epoch
   * @returns undefined when the token is not for that, or the issuer fails now or failed lately
   */
  async lookUp(token: VerifiedToken, authorization: string, now: number): Promise<Profile | undefined> {
    const { issuer } = token
    const cooldown = this.#cooldowns.get(issuer) as Cooldown
    if (cooldown.remainingMs(now) > 0) return undefined
    try {
      const asking = this.#ask(token, authorization, now)
      return await withTimeout(asking, TIMEOUT_MS, () => new Error(`no answer in ${TIMEOUT_MS} ms`))
    } catch (error) {
      if (!isRefusal(error)) cooldown.start(now)
      this.#options.onFailure(issuer, error)
      return undefined
    }
  }

  async #ask(token: VerifiedToken, authorization: string, now: number): Promise<Profile | undefined> {
    const { metadata } = this.#options.issuers.get(token.issuer) as Issuer
    const endpoint = endpointOf(await metadata.get(now), 'userinfo_endpoint')
    if (!isFor(token, endpoint)) return undefined
    const claims = await fetchJson(endpoint, AbortSignal.timeout(TIMEOUT_MS), { authorization })
    // Section 5.3.2: otherwise the claims of one user could be taken for those of another
    if (claims.sub !== token.subject) throw new Error(`${endpoint} answered with another sub`)
    return toProfile(claims)
  }
}

/** A refusal concerns this caller's token; anything else is the issuer's state. */
function isRefusal(error: unknown): boolean {
  return error instanceof StatusError && error.status >= 400 && error.status < 500 && error.status !== 429
}

/** Whether a look-up may succeed, before anything is fetched: a machine's token has one audience and no `openid`. */
export function mayHaveProfile({ scopes, claims }: VerifiedToken): boolean {
  return scopes.includes('openid') || (Array.isArray(claims.aud) && claims.aud.length > 1)
}

/** Auth0 names the endpoint in `aud`; all issuers name `openid` in `scope` (OpenID Connect Core 1.0, 3.1.2.1). */
function isFor({ scopes, claims }: VerifiedToken, endpoint: string): boolean {
  return scopes.includes('openid') || [claims.aud].flat().includes(endpoint)
}
