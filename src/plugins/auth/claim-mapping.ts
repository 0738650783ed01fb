import { isObject } from '../../http/fetch-json.ts'
import { toConfirmation } from './confirmation.ts'
import type { IssuerOptions } from './issuer-options.ts'
import { compilePointer } from './json-pointer.ts'
import { type ClaimPointers, profileOf } from './profiles.ts'
import { type Claims, deepFreeze, type VerifiedToken } from './verified-token.ts'

/** Maps claims that passed the checks, and the resources that they allow. A claim of another type grants nothing. */
export type MapClaims = (claims: Claims, resources: readonly string[]) => VerifiedToken

/** Reads a claim. */
export type Claim<T = unknown> = (claims: Claims) => T

/**
 * Compiles the mapping of the tokens of an issuer.
 *
 * @throws {TypeError} if a pointer is not valid (RFC 6901)
 */
export function compileMapping(entry: IssuerOptions): MapClaims {
  const { grants, give = [] } = entry
  const pointers = pointersOf(entry)
  const subject = compileSubject(entry)
  const scopes = firstOf(pointers.scopes)
  const permissions = firstOf(pointers.permissions)
  const toPermissions = entry.claims?.permissions ? toNames : toTexts // strict unless configured
  const roles = firstOf(pointers.roles)
  const clientId = firstTextOf(pointers.clientId)
  const organization = firstOf(pointers.organization)
  const sid = firstTextOf(pointers.sid)
  const acr = firstTextOf(pointers.acr)
  const authTime = firstOf(pointers.authTime)
  const limit = (names: readonly string[]) => {
    const granted = grants === undefined ? names : names.filter((name) => grants.includes(name))
    return give.length === 0 ? granted : [...new Set([...granted, ...give])]
  }
  return (claims, resources) =>
    deepFreeze({
      issuer: claims.iss as string,
      subject: subject(claims) as string,
      resources,
      clientId: clientId(claims),
      scopes: limit(toScopes(scopes(claims))),
      permissions: limit(toPermissions(permissions(claims))),
      roles: limit(toNames(roles(claims))),
      organization: toOnlyName(organization(claims)),
      sid: sid(claims),
      acr: acr(claims),
      authTime: toSeconds(authTime(claims)),
      actor: isObject(claims.act) ? claims.act : null,
      confirmation: toConfirmation(claims),
      expiresAt: claims.exp as number,
      claims,
    })
}

/** Compiles the reader of the subject: `sub`, or the client in tokens without it if that is allowed. */
export function compileSubject(entry: IssuerOptions): Claim {
  const client = firstTextOf(pointersOf(entry).clientId)
  return (claims) => (claims.sub === undefined && entry.subjectOptional ? client(claims) : claims.sub)
}

/** The claims of the profile, with the changes of the entry. */
function pointersOf({ profile, claims = {} }: IssuerOptions): ClaimPointers {
  const changes = Object.entries(claims).filter(([, pointers]) => pointers !== undefined)
  return { ...profileOf(profile).claims, ...Object.fromEntries(changes) }
}

/** Reads the first of the claims that is present. */
function firstOf(pointers: readonly string[]): Claim {
  const reads = pointers.map(compilePointer)
  return (claims) => {
    for (const read of reads) {
      const value = read(claims)
      if (value !== undefined) return value
    }
    return undefined
  }
}

/** Reads the first of the claims that is text. */
function firstTextOf(pointers: readonly string[]): Claim<string | null> {
  const reads = pointers.map(compilePointer)
  return (claims) => {
    for (const read of reads) {
      const value = read(claims)
      if (typeof value === 'string') return value
    }
    return null
  }
}

/** RFC 8693, section 4.2: text with spaces between the scopes. Some issuers write an array. */
function toScopes(value: unknown): readonly string[] {
  return typeof value === 'string' ? value.split(' ').filter((scope) => scope !== '') : toTexts(value)
}

/** Names of roles: an array, one name, or the member names of an object. */
function toNames(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return isObject(value) ? Object.keys(value) : toTexts(value)
}

function toTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** The name of an organization. A list of several does not say which of them the token is for. */
function toOnlyName(value: unknown): string | null {
  const [name, ...others] = toNames(value)
  return name !== undefined && others.length === 0 ? name : null
}

function toSeconds(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
