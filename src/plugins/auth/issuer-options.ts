import type { ClaimPointers, ProfileName, RequiredClaims } from './profiles.ts'

/** A trusted issuer and the rules for its tokens. */
export interface IssuerOptions {
  /** Exact issuer identifier (OpenID Connect Discovery 1.0, section 2). `{tid}` stands for the tenant. */
  readonly issuer: string
  /** Tenants in the place of `{tid}`. `['*']` accepts all tenants, whose keys are those of the tenant `common`. */
  readonly tenants?: readonly string[] | undefined
  readonly profile?: ProfileName | undefined
  /** Accepted values of `aud`. Default: those of {@link AuthOptions}. */
  readonly audiences?: readonly string[] | undefined
  /** Accepted clients. Their tokens need no `aud`. */
  readonly clients?: readonly string[] | undefined
  /** JSON pointers (RFC 6901) to claims, instead of those of the profile. */
  readonly claims?: { readonly [Name in keyof ClaimPointers]?: readonly string[] | undefined } | undefined
  readonly require?: RequiredClaims | undefined
  /** Scopes, permissions and roles that the issuer may grant; others are dropped. Default: all. */
  readonly grants?: readonly string[] | undefined
  /** Scopes, permissions and roles of every token. */
  readonly give?: readonly string[] | undefined
  readonly algorithms?: readonly string[] | undefined
  /** Address of the key set. Default: as in the discovery document. */
  readonly jwksUri?: string | undefined
  /** File with the key set. Nothing is downloaded. */
  readonly jwksFile?: string | undefined
  /** Base URL of the issuer for requests of this service, if it is not reachable at its identifier. */
  readonly backchannelUrl?: string | undefined
  /** Allows plain http for an issuer that is not on the loopback. The network must be closed to others. */
  readonly insecureHttp?: boolean | undefined
  /** Whether tokens without `sub` are accepted; the client is their subject. */
  readonly subjectOptional?: boolean | undefined
}
