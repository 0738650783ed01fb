/** The one API of the local tenant, and what a caller may be allowed to do there. */
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

/** Scopes that are about the person, not about the API: nobody needs a permission for them. */
export const personScopes = ['openid', 'profile', 'email', 'offline_access']

/**
 * The scopes a caller asks for. One who names no scope of the API asks for all of them; one who names only unknown
 * ones does not, or a typing error would grant everything.
 */
export function askedScopes(scope: string | undefined): string[] {
  const named = scopeNames(scope)
  const namesAnApiScope = named.some((name) => !personScopes.includes(name))
  return namesAnApiScope ? named : [...named, ...api.permissions]
}

export function scopeNames(scope: string | undefined): string[] {
  return [...new Set(scope?.split(' ').filter(Boolean))]
}

/** Role-based access control as Auth0 does it: what was asked for and is assigned. */
export function grantedScopes(scope: string | undefined, permissions: string[]): string[] {
  return askedScopes(scope).filter((name) => personScopes.includes(name) || permissions.includes(name))
}
