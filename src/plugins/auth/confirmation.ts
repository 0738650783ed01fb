import { isObject } from '../../http/fetch-json.ts'
import { TokenError, tokenErrors } from './errors.ts'
import type { Claims, Confirmation } from './verified-token.ts'

/** Errors of tokens that are bound by a member of `cnf`, if the application cannot verify that binding. */
const errors = { jkt: tokenErrors.bound, 'x5t#S256': tokenErrors.boundToCertificate }

/** Member of `cnf` that the application verifies. */
export type ConfirmationMethod = keyof typeof errors

/** Returns the methods for which an application has options. */
export function confirmationMethods(options: {
  readonly dpop?: object | undefined
  readonly clientCertificate?: object | undefined
}): ConfirmationMethod[] {
  const { dpop, clientCertificate } = options
  return [...(dpop ? ['jkt' as const] : []), ...(clientCertificate ? ['x5t#S256' as const] : [])]
}

/** SHA-256 in base64url. */
const THUMBPRINT = /^[\w-]{43}$/

/**
 * Rejects a bound token (RFC 7800) whose binding the application does not verify: without that, it would be a bearer token. A
 * `cnf` without known members is rejected as well (docs/decisions/0009).
 *
 * @throws {TokenError} 401
 */
export function checkConfirmation({ cnf }: Claims, methods: readonly ConfirmationMethod[]): void {
  if (cnf === undefined) return
  const bindings = isObject(cnf) ? methodsOf(cnf) : []
  if (bindings.length === 0)
    throw new TokenError(tokenErrors.bound, 'bound', { detail: 'cnf has no known member' })
  for (const method of bindings) {
    const value = (cnf as Claims)[method]
    if (!methods.includes(method))
      throw new TokenError(errors[method], 'bound', { detail: `cnf has ${method}` })
    if (typeof value !== 'string' || !THUMBPRINT.test(value))
      throw new TokenError(errors[method], 'bound', { detail: `${method} is not a SHA-256` })
  }
}

function methodsOf(cnf: Claims): ConfirmationMethod[] {
  return (Object.keys(errors) as ConfirmationMethod[]).filter((method) => cnf[method] !== undefined)
}

/** Maps a `cnf` that {@link checkConfirmation} has accepted. */
export function toConfirmation({ cnf }: Claims): Confirmation | null {
  if (cnf === undefined) return null
  const { jkt, 'x5t#S256': x5tS256 } = cnf as Record<ConfirmationMethod, string | undefined>
  return { ...(jkt === undefined ? {} : { jkt }), ...(x5tS256 === undefined ? {} : { x5tS256 }) }
}
