import type { Middleware, OidcContext, Provider } from 'oidc-provider'
import { errors } from 'oidc-provider'
import { type Application, responseTypeAllowed, type UrlList } from './application.ts'

/**
 * Whether `url` is among the allowed URLs. One that ends in `/*` allows every path below it, one that ends in `:*` every
 * port and path of its host.
 */
export function urlAllowed(url: string, allowed: readonly string[] = []): boolean {
  return allowed.some((pattern) => {
    if (pattern.endsWith(':*')) return withoutPort(url) === pattern.slice(0, -2)
    if (pattern.endsWith('/*')) return URL.canParse(url) && url.startsWith(pattern.slice(0, -1))
    return url === pattern
  })
}

/** Scheme and host, or undefined when the URL is not valid or has a user name. */
function withoutPort(url: string): string | undefined {
  const parsed = URL.parse(url)
  return parsed && !parsed.username && !parsed.password ? `${parsed.protocol}//${parsed.hostname}` : undefined
}

/** Makes clients use the lists of their application, which may contain patterns. */
export function allowUrlsOfApplications({ Client }: Provider): void {
  Client.prototype.redirectUriAllowed = function (uri) {
    return urlAllowed(uri, this.application?.callbacks ?? this.redirectUris)
  }
  Client.prototype.postLogoutRedirectUriAllowed = function (uri) {
    return urlAllowed(uri, this.application?.logoutUrls ?? this.postLogoutRedirectUris)
  }
  const { responseTypeAllowed: registered } = Client.prototype
  Client.prototype.responseTypeAllowed = function (type) {
    return this.application ? responseTypeAllowed(this.application, type) : registered.call(this, type)
  }
}

/** Rejects silent and popup logins from origins that the application does not list. */
export const webOrigins: Middleware = async (ctx, next) => {
  const { client_id: id, redirect_uri: uri, response_mode: mode } = ctx.query
  if (ctx.path !== '/authorize' || mode !== 'web_message') return next()
  const origin = URL.parse(String(uri))?.origin
  const client = await ctx.app.Client.find(String(id))
  if (client && origin && !urlAllowed(origin, client.application?.webOrigins)) {
    throw new errors.InvalidRequest(
      `The origin "${origin}" is not an allowed web origin. ${whereToAllow('webOrigins', client.application)}`,
    )
  }
  return next()
}

/** Explains the rejected callback of an authorization request. */
export function refusedCallback({ query, oidc }: OidcContext): string {
  const { redirect_uri: uri } = { ...query, ...oidc.body, ...oidc.params } // early errors have no params
  const remedy = whereToAllow('callbacks', oidc.client.application)
  return `The redirect_uri "${uri}" is not an allowed callback URL. ${remedy}`
}

/** @param application undefined for clients that registered themselves */
export function whereToAllow(list: UrlList, application: Application | undefined): string {
  if (!application) return 'The client has registered itself: list it as an application in tenant.json.'
  const { id, places } = application
  if (places) return `Add it to "${list}" of the application "${id}" (${places[list]}).`
  return `Create the file tenant.json, and add it to "${list}" of the application "${id}" there (docs/tenant.md).`
}
