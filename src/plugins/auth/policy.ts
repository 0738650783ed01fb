import { algorithmName } from './algorithm-name.ts'
import { type Claim, compileSubject } from './claim-mapping.ts'
import type { ConfirmationMethod } from './confirmation.ts'
import type { IssuerOptions } from './issuer-options.ts'
import { compilePointer } from './json-pointer.ts'
import { profileOf } from './profiles.ts'
import type { Resources } from './resources.ts'
import { type OpenTenants, openTenants } from './tenants.ts'
import type { Claims } from './verified-token.ts'

/** Header and claim rules for the tokens of one issuer, apart from the signature. */
export interface Policy {
  readonly algorithms: readonly string[]
  readonly audiences: readonly string[]
  /** Accepted clients, instead of audiences. */
  readonly clients?: readonly string[] | undefined
  /** Resources with audiences of their own, beside `audiences`. */
  readonly resources: Resources
  /** Accepted `typ` header parameters, in lower case and without `application/`. */
  readonly types: readonly string[]
  readonly rules: readonly ClaimRule[]
  readonly subject: Claim
  readonly clockToleranceSeconds: number
  /** Maximum `exp - iat`. */
  readonly maxLifetimeSeconds?: number | undefined
  /** Members of `cnf` that the application verifies. Tokens with others are rejected. */
  readonly confirmations: readonly ConfirmationMethod[]
}

/** A claim that the configuration requires. */
export interface ClaimRule {
  readonly description: string
  readonly holds: (claims: Claims) => boolean
}

/** Settings that issuers share unless they have their own. */
export interface PolicyDefaults {
  readonly algorithms: readonly string[]
  readonly audiences: readonly string[]
  readonly resources: Resources
  readonly clockToleranceSeconds: number
  readonly maxLifetimeSeconds?: number | undefined
  readonly confirmations: readonly ConfirmationMethod[]
}

/**
 * Compiles the rules of an issuer, once.
 *
 * @throws {TypeError} if the rules would let anyone in, or a pointer is not valid
 */
export function compilePolicy(entry: IssuerOptions, defaults: PolicyDefaults): Policy {
  const profile = profileOf(entry.profile)
  const tenants = openTenants(entry)
  if (entry.profile === 'workload' && Object.keys(entry.require ?? {}).length === 0)
    throw new TypeError(
      `${entry.issuer} needs \`require\`: without it, any workload of the issuer could call`,
    )
  return {
    algorithms: [...new Set((entry.algorithms ?? defaults.algorithms).map(algorithmName))],
    audiences: entry.audiences ?? (entry.clients ? [] : defaults.audiences),
    clients: entry.clients,
    resources: defaults.resources,
    types: profile.types ?? ['jwt', 'at+jwt'],
    rules: [
      ...(profile.present ?? []).map(presence),
      ...Object.entries({ ...profile.require, ...entry.require }).map(allowedValues),
      ...(tenants ? [ownTenant(tenants)] : []),
    ],
    subject: compileSubject(entry),
    clockToleranceSeconds: defaults.clockToleranceSeconds,
    maxLifetimeSeconds: defaults.maxLifetimeSeconds,
    confirmations: defaults.confirmations,
  }
}

function presence(name: string): ClaimRule {
  return { description: `${name} is missing`, holds: (claims) => claims[name] !== undefined }
}

function allowedValues([pointer, allowed]: [string, readonly string[]]): ClaimRule {
  const read = compilePointer(pointer)
  const texts = new Set(allowed.filter((text) => !text.endsWith('*')))
  const prefixes = allowed.filter((text) => text.endsWith('*')).map((text) => text.slice(0, -1))
  return {
    description: `${pointer} has no allowed value`,
    holds: (claims) => {
      const value = read(claims)
      if (typeof value !== 'string') return false
      return texts.has(value) || prefixes.some((prefix) => value.startsWith(prefix))
    },
  }
}

function ownTenant(tenants: OpenTenants): ClaimRule {
  return { description: 'tid is not the tenant of iss', holds: (claims) => tenants.isOwnTenant(claims) }
}
