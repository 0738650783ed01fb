import { resolve } from 'node:path'
import { secureUrl } from '../http/secure-url.ts'
import type { IssuerEntry } from './issuer-entry.ts'
import { isReadable, readIssuers } from './issuers-file.ts'
import type { Config, Values } from './variables.ts'

type TrustedIssuers = Pick<Config, 'ISSUERS' | 'LOGIN_ISSUER' | 'LOGIN_AUDIENCE'>

/**
 * Lists the trusted issuers: the entries of `ISSUERS_FILE`, or one for each `AUTH0_DOMAIN` with all of `AUTH0_AUDIENCE`. Users
 * log in at the entry with `login`, by default the first, and at its first tenant.
 */
export function trustedIssuers(values: Values): TrustedIssuers & { faults: readonly string[] } {
  const { AUTH0_DOMAIN, AUTH0_AUDIENCE, ISSUERS_FILE, JWKS_FILE } = values
  if (ISSUERS_FILE === undefined)
    return {
      ...withLogin(shortForm(values)),
      faults: [...insecureIssuers(values), ...keyFileFaults(values)],
    }
  const { issuers, faults } = readIssuers(ISSUERS_FILE)
  const result = withLogin(issuers)
  // part: web-app
  const hasAllTenants = values.AUTH0_CLIENT_ID !== undefined && result.LOGIN_ISSUER.includes('{tid}')
  // end
  return {
    ...result,
    faults: [
      ...faults,
      ...superfluous({ AUTH0_DOMAIN, AUTH0_AUDIENCE, JWKS_FILE }),
      ...(hasAllTenants ? ['ISSUERS_FILE is wrong: the web app needs an issuer with "login": true'] : []), // part: web-app
    ],
  }
}

function shortForm({ AUTH0_DOMAIN = [], AUTH0_AUDIENCE = [], JWKS_FILE }: Partial<Values>): IssuerEntry[] {
  return AUTH0_DOMAIN.map((issuer) => ({
    issuer,
    audiences: [...AUTH0_AUDIENCE],
    ...(secureUrl(issuer) ? {} : { insecureHttp: true }),
    ...(JWKS_FILE === undefined ? {} : { jwksFile: resolve(JWKS_FILE) }),
  }))
}

function insecureIssuers({ AUTH0_DOMAIN = [], AUTH_INSECURE_HTTP_ISSUERS }: Partial<Values>): string[] {
  if (AUTH_INSECURE_HTTP_ISSUERS || AUTH0_DOMAIN.every((issuer) => secureUrl(issuer))) return []
  const rule = 'plain http is allowed for loopback hosts only'
  return [
    `AUTH0_DOMAIN is wrong: ${rule}. In a network that is closed to others, AUTH_INSECURE_HTTP_ISSUERS=true allows it`,
  ]
}

function keyFileFaults({ AUTH0_DOMAIN = [], JWKS_FILE }: Partial<Values>): string[] {
  if (JWKS_FILE === undefined) return []
  if (AUTH0_DOMAIN.length > 1) return ['JWKS_FILE is wrong: it has the keys of one issuer, not of several']
  return isReadable(JWKS_FILE) ? [] : [`JWKS_FILE is wrong: ${JWKS_FILE} cannot be read`]
}

function withLogin(issuers: readonly IssuerEntry[]): TrustedIssuers {
  const { issuer = '', tenants = [], audiences = [] } = issuers.find(({ login }) => login) ?? issuers[0] ?? {}
  const [tenant = '*'] = tenants
  return {
    ISSUERS: Object.freeze(issuers),
    LOGIN_ISSUER: tenant === '*' ? issuer : issuer.replaceAll('{tid}', tenant),
    LOGIN_AUDIENCE: audiences[0],
  }
}

function superfluous(values: Record<string, unknown>): string[] {
  const names = Object.keys(values).filter((name) => values[name] !== undefined)
  return names.map((name) => `${name} and ISSUERS_FILE are both set: expected one of them`)
}
