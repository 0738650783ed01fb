/** An API of the tenant. */
export interface Api {
  /** The value of `audience`. */
  identifier: string
  permissions: string[]
  /** Claims of its access tokens: those of Auth0, or of RFC 9068. */
  dialect: 'auth0' | 'rfc9068'
  tokenLifetimeSeconds: number
}

/** The API of a tenant without a file. */
export const api: Api = {
  identifier: 'https://quickstarts/api',
  permissions: [
    'read:messages',
    'write:messages',
    'read:admin-messages',
    'read:users',
    'create:users',
    'delete:users',
    'read:audit',
  ],
  dialect: 'auth0',
  tokenLifetimeSeconds: 24 * 60 * 60,
}

/** Adds permissions to the API: the scopes that the routes of the service require. */
export function addPermissions(names: readonly string[]): void {
  const added = new Set(names.filter((name) => !api.permissions.includes(name)))
  api.permissions.push(...added)
}

/** Scopes about the user, not the API. They need no permission. */
export const userScopes = ['openid', 'profile', 'email', 'offline_access']

/**
 * The requested scopes. A request without a scope of the API gets all of them. A request with only unknown scopes does
 * not, since a typing error would then grant everything.
 */
export function requestedScopes(scope: string | undefined, { permissions }: Api): string[] {
  const named = scopeNames(scope)
  const namesAnApiScope = named.some((name) => !userScopes.includes(name))
  return namesAnApiScope ? named : [...named, ...permissions]
}

export function scopeNames(scope: string | undefined): string[] {
  return [...new Set(scope?.split(' ').filter(Boolean))]
}

/** Role-based access control as in Auth0: scopes that are both requested and assigned. */
export function grantedScopes(scope: string | undefined, assigned: string[], of: Api): string[] {
  return requestedScopes(scope, of).filter((name) => userScopes.includes(name) || assigned.includes(name))
}
