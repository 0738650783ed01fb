import type { Account, OidcContext, ResourceServerInfo } from 'oidc-provider'
import { errors } from 'oidc-provider'
import { type Api, userScopes } from './api.ts'
import { unknownAudience } from './errors.ts'
import type { Settings } from './settings.ts'

/** The APIs of the tenant, as requests name them. */
export class Apis {
  readonly #apis: Settings['apis']

  constructor({ apis }: Settings) {
    this.#apis = apis
  }

  /**
   * The API that a request names by `audience`, or the first one of the tenant.
   *
   * @throws 403 access_denied when the tenant has no such API
   */
  byAudience({ oidc: { params, body } }: OidcContext): Api {
    const audience = params.audience ?? body?.audience
    if (audience === undefined) return this.#apis[0]
    const api = this.#find(audience)
    if (!api) throw unknownAudience(audience)
    return api
  }

  /**
   * The API that a request names by `resource` (RFC 8707), or by `audience`.
   *
   * @throws {InvalidTarget} when the tenant has no such API
   */
  requested(ctx: OidcContext): Api {
    const { resource } = ctx.oidc.params
    return resource === undefined ? this.byAudience(ctx) : this.byResource(resource)
  }

  byResource(resource: string | string[]): Api {
    const [identifier = ''] = [resource].flat()
    const api = this.#find(identifier)
    if (!api) throw new errors.InvalidTarget(`Service not found: ${identifier}`)
    return api
  }

  get all(): readonly Api[] {
    return this.#apis
  }

  #find(identifier: string): Api | undefined {
    return this.#apis.find((api) => api.identifier === identifier)
  }
}

/** The resource server with the scopes that a token of the account, or of a machine, can have. */
export function resourceServerInfo(api: Api, account?: Account): ResourceServerInfo {
  const permissions = account ? assigned(account, api) : api.permissions
  return {
    // With the user scopes, which Auth0 lists in the access token too
    scope: [...userScopes, ...permissions].join(' '),
    accessTokenFormat: 'jwt',
    accessTokenTTL: api.tokenLifetimeSeconds,
  }
}

/** Permissions of the user for the API. */
export function assigned({ user }: Account, { identifier }: Api): string[] {
  return user.permissions[identifier] ?? []
}
