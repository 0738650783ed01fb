import type { Interaction, OidcContext } from 'oidc-provider'
import { interactionPolicy } from 'oidc-provider'

/** Authentication context classes of the tenant: the values of `acr`. */
export const acr = { password: 'urn:gatehouse:password', pin: 'urn:gatehouse:pin' } as const
export const acrValues: readonly string[] = Object.values(acr)

/** THROWAWAY: the PIN of all accounts. */
export const throwawayPin = '2468'

const REASON = 'acr_values'

/**
 * Asks for another login if the session has none of the requested classes. The provider has such a check for essential
 * claims only. Values that the tenant does not know are ignored (OpenID Connect Core 1.0, 3.1.2.1: voluntary).
 */
export function acrCheck() {
  const description = 'none of the requested classes of authentication was reached'
  return new interactionPolicy.Check(REASON, description, 'login_required', ({ oidc }: OidcContext) => {
    const requested = requestedAcrs(oidc.params)
    return requested.length > 0 && !requested.includes(oidc.session?.acr ?? '')
  })
}

/** Whether the user has entered the password, and only the PIN is missing. */
export function needsPin({ prompt, session, params }: Interaction): boolean {
  const isPasswordEntered = session?.accountId !== undefined && prompt.reasons.every((one) => one === REASON)
  return isPasswordEntered && requestedAcrs(params)[0] === acr.pin
}

/**
 * Claims about the login of a user, for access tokens. Refresh tokens keep those of the login. With `sid`, a logout also ends the
 * access tokens of the session.
 */
export function loginClaims({ oidc: { entities } }: OidcContext) {
  const { authTime, acr, sid } = entities.AuthorizationCode ?? entities.RefreshToken ?? {}
  return { auth_time: authTime, acr, sid }
}

/** Fields of tokens that are issued for a password, without a session. */
export function passwordLogin() {
  return { authTime: Math.floor(Date.now() / 1000), acr: acr.password }
}

function requestedAcrs({ acr_values }: Interaction['params']): string[] {
  return (acr_values ?? '').split(' ').filter((value) => acrValues.includes(value))
}
