/** The only API of the local tenant and its permissions. */
export const api = {
  identifier: 'https://quickstarts/api',
  permissions: [
    'read:messages',
    'write:messages',
    'read:admin-messages',
    'read:users',
    'create:users',
    'delete:users',
  ],
}

/** Scopes about the user, not the API. They need no permission. */
export const userScopes = ['openid', 'profile', 'email', 'offline_access']

/**
 * The requested scopes. A request without a scope of the API gets all of them. A request with only unknown scopes does
 * not, since a typing error would then grant everything.
 */
export function requestedScopes(scope: string | undefined): string[] {
  const named = scopeNames(scope)
  const namesAnApiScope = named.some((name) => !userScopes.includes(name))
  return namesAnApiScope ? named : [...named, ...api.permissions]
}

export function scopeNames(scope: string | undefined): string[] {
  return [...new Set(scope?.split(' ').filter(Boolean))]
}

/** Role-based access control as in Auth0: scopes that are both requested and assigned. */
export function grantedScopes(scope: string | undefined, permissions: string[]): string[] {
  return requestedScopes(scope).filter((name) => userScopes.includes(name) || permissions.includes(name))
}
