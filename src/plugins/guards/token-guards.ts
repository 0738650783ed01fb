import { type ErrorDefinition, ServiceError } from '../../errors/catalogue.ts'
import { challenge, compilePointer, type VerifiedToken } from '../auth/index.ts'
import { guardErrors } from './errors.ts'
import { type GuardedRequest, type Rejection, type TokenGuard, tokenGuard } from './evaluate.ts'
import type { Guard } from './guard.ts'

/** At least one name. */
export type Names = [string, ...string[]]
type ClaimText = string | number | boolean
/** An allowed value of a claim, or a function that reads it from the request. */
export type ClaimValue = ClaimText | ((request: GuardedRequest) => ClaimText | undefined)
export type ClaimValues = [ClaimValue, ...ClaimValue[]]

type Grants = (token: VerifiedToken) => readonly string[]
type Reject = (detail: string, token: VerifiedToken, request: GuardedRequest) => ServiceError

/** Scope that a challenge can contain (RFC 6749, section 3.3). */
const SCOPE = /^[!#-[\]-~]+$/

/** Guard: any valid token. */
export function authenticate(): TokenGuard {
  return tokenGuard({ kind: 'token', required: [] }, () => undefined)
}

/** Guard: every scope. */
export function requiresScope(...scopes: Names): TokenGuard {
  return every('scope', scopes, scopesOf, insufficient(scopeError, scopes))
}

/** Guard: one of the scopes. The challenge names the first, which should be the one that grants least. */
export function requiresAnyScope(...scopes: Names): TokenGuard {
  return some('scope', scopes, scopesOf, insufficient(scopeError, scopes.slice(0, 1)))
}

/** Guard: every permission. */
export function requiresPermission(...permissions: Names): TokenGuard {
  return every('permission', permissions, permissionsOf, insufficient(permissionError, permissions))
}

/** Guard: one of the permissions. */
export function requiresAnyPermission(...permissions: Names): TokenGuard {
  return some(
    'permission',
    permissions,
    permissionsOf,
    insufficient(permissionError, permissions.slice(0, 1)),
  )
}

/** Guard: every role. No challenge, since no scope would help. */
export function requiresRole(...roles: Names): TokenGuard {
  const reject: Reject = (detail) => new ServiceError(guardErrors.insufficientRole, { detail })
  return every('role', roles, (token) => token.roles, reject)
}

/** Guard: a claim that has, or a list that contains, one of the values. */
export function requiresClaim(pointer: string, ...values: ClaimValues): TokenGuard {
  const read = compilePointer(pointer)
  const isSpecific = pointer !== '' && values.length > 0 && !values.includes(undefined as never)
  if (!isSpecific) throw new TypeError('a guard by claim needs a pointer and the values that it allows')
  const texts = values.map((value) => (typeof value === 'function' ? 'a value of the request' : value))
  const reject: Rejection = () =>
    new ServiceError(guardErrors.insufficientClaims, { detail: `${pointer} has none of the allowed values` })
  return tokenGuard({ kind: 'claim', required: [`${pointer} = ${texts.join(' or ')}`] }, (token, request) => {
    const claim = read(token.claims)
    const actual: readonly unknown[] = Array.isArray(claim) ? claim : [claim]
    for (const value of values) {
      const allowed = typeof value === 'function' ? value(request) : value
      if (allowed !== undefined && actual.includes(allowed)) return undefined
    }
    return reject
  })
}

const { insufficientScope: scopeError, insufficientPermissions: permissionError } = guardErrors
const scopesOf: Grants = ({ scopes }) => scopes
const permissionsOf: Grants = ({ permissions }) => permissions

function every(kind: Guard['kind'], required: Names, grantsOf: Grants, reject: Reject): TokenGuard {
  assertNames(kind, required)
  return tokenGuard({ kind, required }, (token, request) => {
    const grants = grantsOf(token)
    for (const name of required) {
      if (grants.includes(name)) continue
      const missing = required.filter((one) => !grants.includes(one))
      return () => reject(`missing ${missing.join(' ')}`, token, request)
    }
    return undefined
  })
}

function some(kind: Guard['kind'], names: Names, grantsOf: Grants, reject: Reject): TokenGuard {
  assertNames(kind, names)
  const children = names.map((name) => ({ kind, required: [name] }))
  return tokenGuard({ kind: 'any', required: [], children }, (token, request) => {
    const grants = grantsOf(token)
    for (const name of names) if (grants.includes(name)) return undefined
    return () => reject(`has none of ${names.join(' ')}`, token, request)
  })
}

/**
 * Makes the error of missing scopes or permissions. At a declared resource its challenge names the granted scopes as well:
 * clients of the Model Context Protocol request only the scopes of the latest challenge.
 */
function insufficient(error: ErrorDefinition, required: readonly string[]): Reject {
  return (detail, { scopes }, { routeOptions }) => {
    const granted =
      routeOptions.config.resource === undefined ? [] : scopes.filter((name) => SCOPE.test(name))
    const headers = challenge(error, [...new Set([...granted, ...required])])
    return new ServiceError(error, { detail, headers })
  }
}

/** @throws {TypeError} for an empty list, which would let any token pass */
function assertNames(kind: string, names: readonly string[]): void {
  if (names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')) return
  throw new TypeError(`a guard by ${kind} needs the names that it requires`)
}
