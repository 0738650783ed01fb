/** JSON pointers (RFC 6901) to claims. The first claim that is present counts. */
export interface ClaimPointers {
  /** Text with spaces between the scopes, or an array. */
  readonly scopes: readonly string[]
  /** Array. Pointers of an entry may also lead to the forms of roles. */
  readonly permissions: readonly string[]
  /** Array, one name, or an object whose member names are the roles. */
  readonly roles: readonly string[]
  readonly clientId: readonly string[]
  readonly organization: readonly string[]
  /** Session of the user at the issuer (OpenID Connect Back-Channel Logout 1.0, section 2.1). */
  readonly sid: readonly string[]
  /** Authentication context class (OpenID Connect Core 1.0, section 2). */
  readonly acr: readonly string[]
  /** Time of the login in seconds since the epoch (OpenID Connect Core 1.0, section 2). */
  readonly authTime: readonly string[]
}

/** Allowed values of claims by JSON pointer. A final `*` stands for any text. */
export type RequiredClaims = Readonly<Record<string, readonly string[]>>

/** Rules for the access tokens of one kind of issuer. docs/issuers has their documentation. */
export interface Profile {
  readonly claims: ClaimPointers
  readonly require?: RequiredClaims
  /** Accepted `typ` header parameters, in lower case and without `application/`. Default: `jwt`, `at+jwt` and none. */
  readonly types?: readonly string[]
  /** Names of claims that must be present. */
  readonly present?: readonly string[]
}

const claims: ClaimPointers = {
  scopes: ['/scope', '/scp'],
  permissions: ['/permissions'],
  roles: ['/roles'],
  clientId: ['/azp', '/client_id', '/cid', '/appid'],
  organization: ['/org_id', '/organization_id'],
  sid: ['/sid'],
  acr: ['/acr'],
  authTime: ['/auth_time'],
}

const profiles = {
  auth0: { claims },
  /** App roles are the permissions of applications and the roles of users. */
  entra: {
    claims: { ...claims, scopes: ['/scp'], permissions: ['/roles'], organization: ['/tid'] },
  },
  okta: { claims: { ...claims, scopes: ['/scp'], roles: ['/groups'], clientId: ['/cid'] } },
  keycloak: {
    claims: { ...claims, roles: ['/realm_access/roles'], organization: ['/organization'] },
  },
  /** Access tokens have no `aud`; ID tokens have the same issuer and keys. */
  cognito: {
    claims: { ...claims, roles: ['/cognito:groups'] },
    require: { '/token_use': ['access'] },
  },
  zitadel: {
    claims: {
      ...claims,
      roles: ['/urn:zitadel:iam:org:project:roles'],
      organization: ['/urn:zitadel:iam:user:resourceowner:id'],
    },
  },
  /** Tokens of machines from shared issuers. They have no grants of their own. */
  workload: { claims: { ...claims, scopes: [], permissions: [], roles: [] } },
  /** RFC 9068, section 2. */
  rfc9068: {
    claims: { ...claims, permissions: ['/permissions', '/entitlements'] },
    types: ['at+jwt'],
    present: ['client_id', 'jti', 'iat'],
  },
} satisfies Record<string, Profile>

export type ProfileName = keyof typeof profiles

/** @param name undefined for an issuer without a profile */
export function profileOf(name: ProfileName | undefined): Profile {
  return name === undefined ? { claims } : profiles[name]
}
