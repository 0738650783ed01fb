import type { IssuerOptions } from './issuer-options.ts'
import type { Claims } from './verified-token.ts'

const PLACEHOLDER = '{tid}'
const ANY = '*'

function hasOpenTenants({ tenants }: IssuerOptions): boolean {
  return tenants?.includes(ANY) === true
}

/** Returns the tenants of an entry that accepts every tenant of a provider. */
export function openTenants(entry: IssuerOptions): OpenTenants | undefined {
  return hasOpenTenants(entry) ? new OpenTenants(entry.issuer) : undefined
}

/** Makes an issuer of each tenant of a closed list. Its tokens must name the tenant. */
export function expandTenants(entry: IssuerOptions): readonly IssuerOptions[] {
  const { tenants, require } = entry
  if (tenants === undefined || hasOpenTenants(entry)) return [entry]
  return tenants.map((tenant) => {
    const fill = (text: string) => text.replaceAll(PLACEHOLDER, tenant)
    const { issuer, jwksUri, backchannelUrl } = entry
    return {
      ...entry,
      issuer: fill(issuer),
      jwksUri: jwksUri && fill(jwksUri),
      backchannelUrl: backchannelUrl && fill(backchannelUrl),
      require: { ...require, '/tid': [tenant] },
    }
  })
}

/**
 * All tenants of a provider with one key set (Microsoft identity platform). Each key says for which issuers it may sign,
 * as `https://login.microsoftonline.com/{tenantid}/v2.0`.
 */
export class OpenTenants {
  /** Address of the documents of all tenants. */
  readonly url: string
  /** The `issuer` of their discovery document. */
  readonly documentIssuer: string
  readonly #template: string

  constructor(template: string) {
    this.url = template.replaceAll(PLACEHOLDER, 'common')
    this.documentIssuer = template.replaceAll(PLACEHOLDER, '{tenantid}')
    this.#template = template
  }

  /** Tells whether the issuer is one of the tenants. */
  includes(issuer: string): boolean {
    const [start = '', end = ''] = this.#template.split(PLACEHOLDER)
    if (!issuer.startsWith(start) || !issuer.endsWith(end)) return false
    return /^[\w-]+$/.test(issuer.slice(start.length, issuer.length - end.length))
  }

  /** Tells whether `tid` is the tenant of the issuer. */
  isOwnTenant({ iss, tid }: Claims): boolean {
    return typeof tid === 'string' && this.#template.replaceAll(PLACEHOLDER, tid) === iss
  }

  /** Tells whether the key may sign tokens of the issuer. A key that names no issuer may sign none. */
  mayBeSignedBy({ iss, tid }: Claims, keyIssuer: string | undefined): boolean {
    return keyIssuer?.replaceAll('{tenantid}', String(tid)) === iss
  }
}
