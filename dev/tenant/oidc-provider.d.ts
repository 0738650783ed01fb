// oidc-provider ships no types. This is the narrow part of it (and of Koa, under it) that the local tenant uses.

declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'
  import type { Socket } from 'node:net'
  import type { Readable } from 'node:stream'
  import type { Application } from './application.ts'
  import type { User } from './settings.ts'

  export interface Context {
    app: Provider
    method: string
    path: string
    query: Record<string, string | string[] | undefined>
    headers: IncomingMessage['headers']
    req: IncomingMessage | Readable
    res: ServerResponse
    socket: Socket
    cookies: { set(name: string, value: null): void }
    status: number
    type: string
    body: unknown
    accepts(...types: string[]): string | false
    is(type: string): string | false | null
    get(header: string): string
    set(header: string, value: string): void
    set(headers: Record<string, string>): void
    redirect(url: string): void
  }

  /** A context inside one of the provider's own routes. */
  export interface OidcContext extends Context {
    oidc: {
      provider: Provider
      client: Client
      account?: Account
      params: Record<string, string | undefined>
      body?: Record<string, string | undefined>
      session?: Session
      entities: {
        AuthorizationCode?: LoginFields
        RefreshToken?: LoginFields
        PushedAuthorizationRequest?: { request: string }
        Grant?: Grant
        IdTokenHint?: { payload: { sub: string } }
      }
      entity(kind: string, value: unknown): void
    }
  }

  export type Middleware = (ctx: Context, next: () => Promise<void>) => Promise<void>

  export interface Account {
    accountId: string
    user: User
    claims(): Record<string, unknown>
  }

  export interface Client {
    clientId: string
    clientSecret?: string
    redirectUris: string[]
    postLogoutRedirectUris?: string[]
    /** Missing for clients that registered themselves. */
    application?: Application
    backchannelLogoutUri?: string
    grantTypeAllowed(grantType: string): boolean
    responseTypeAllowed(type: string): boolean
    redirectUriAllowed(uri: string): boolean
    postLogoutRedirectUriAllowed(uri: string): boolean
    backchannelLogout(subject: string, sessionId: string): Promise<void>
  }

  export interface Grant {
    jti: string
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  export interface ResourceServerInfo {
    scope: string
    accessTokenFormat: 'jwt'
    accessTokenTTL: number
  }

  export interface Token {
    kind: 'AccessToken' | 'ClientCredentials' | 'RefreshToken'
    accountId?: string
    clientId: string
    grantId?: string
    gty?: string
    scope?: string
    expiration: number
    resourceServer?: ResourceServer
    /** `DPoP` if the token is bound to a key, otherwise `Bearer`. */
    tokenType: string
    save(): Promise<string>
  }

  export interface ResourceServer {
    accessTokenTTL: number
  }

  export interface IdToken {
    scope: string
    issue(options: { use: 'idtoken' }): Promise<string>
  }

  export interface Session {
    acr?: string
    state?: { postLogoutRedirectUri?: string; state?: string }
    accountId?: string
    authorizations?: Record<string, { sid: string }>
    destroy(): Promise<void>
  }

  /** Fields of codes and refresh tokens about the login. */
  export interface LoginFields {
    authTime?: number
    acr?: string
    sid?: string
  }

  export interface Interaction {
    uid: string
    params: Record<string, string | undefined>
    prompt: { reasons: string[] }
    session?: { accountId?: string }
  }

  export interface OAuthErrorBody {
    error: string
    error_description?: string
  }

  type Constructor<Instance> = new (fields: Record<string, unknown>) => Instance

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    readonly issuer: string
    /** Whether X-Forwarded-Host and -Proto count. */
    proxy: boolean
    Client: { prototype: Client; find(id: string | undefined): Promise<Client | undefined> }
    Grant: Constructor<Grant>
    AccessToken: Constructor<Token>
    ClientCredentials: Constructor<Token>
    RefreshToken: Constructor<Token>
    IdToken: new (
      claims: Record<string, unknown>,
      options: { ctx: OidcContext },
    ) => IdToken
    ResourceServer: new (
      identifier: string,
      info: ResourceServerInfo,
    ) => ResourceServer
    Session: { get(ctx: Context): Promise<Session> }
    use(middleware: Middleware): this
    on(event: 'server_error', listener: (ctx: Context, error: Error) => void): this
    registerGrantType(name: string, handler: (ctx: OidcContext) => Promise<void>, params: string[]): void
    registerResponseMode(
      name: string,
      send: (ctx: Context, redirectUri: string, response: Record<string, unknown>) => void,
    ): void
    cookieName(kind: 'session'): string
    interactionDetails(req: Context['req'], res: ServerResponse): Promise<Interaction>
    interactionResult(
      req: Context['req'],
      res: ServerResponse,
      result: { login: { accountId: string; acr: string } },
    ): Promise<string>
    callback(): (req: IncomingMessage, res: ServerResponse) => void
  }

  export const errors: {
    CustomOIDCProviderError: new (error: string, description: string) => Error & { status: number }
    AccessDenied: new (description: string) => Error
    InvalidTarget: new (description: string) => Error
    InvalidRequest: new (description: string, status?: number) => Error
  }

  export const interactionPolicy: {
    base(): { get(name: 'consent' | 'login'): { checks: { clear(): void; add(check: object): void } } }
    Check: new (
      reason: string,
      description: string,
      error: string,
      isPromptNeeded: (ctx: OidcContext) => boolean,
    ) => object
  }
}

// Not exported by the package: its own grants use them, and grants of others need the same
declare module 'oidc-provider/lib/helpers/validate_dpop.js' {
  import type { OidcContext, Provider } from 'oidc-provider'

  export interface Proof {
    thumbprint: string
    jti: string
  }

  /** Undefined without a proof. */
  export default function validateDpop(provider: Provider, ctx: OidcContext): Promise<Proof | undefined>
}

declare module 'oidc-provider/lib/helpers/grant_common.js' {
  import type { X509Certificate } from 'node:crypto'
  import type { OidcContext, Provider, Token } from 'oidc-provider'
  import type { Proof } from 'oidc-provider/lib/helpers/validate_dpop.js'

  export function applyDpopBinding(
    provider: Provider,
    ctx: OidcContext,
    proof: Proof | undefined,
    token: Token,
  ): Promise<void>

  /** @param certificate undefined for a token that is not bound to one */
  export function applyMtlsBinding(token: Token, certificate: X509Certificate | undefined): void
}

declare module 'oidc-provider/lib/helpers/grant_refresh_token.js' {
  import type { OidcContext, Provider, Token } from 'oidc-provider'

  /** Binds the refresh token of a client without a secret in the same way as its access token. */
  export function applyRefreshTokenBindings(
    provider: Provider,
    ctx: OidcContext,
    accessToken: Token,
    refreshToken: Token,
  ): Promise<void>
}

declare module 'oidc-provider/lib/helpers/sender_constraints.js' {
  import type { X509Certificate } from 'node:crypto'
  import type { OidcContext, Provider } from 'oidc-provider'

  /**
   * @returns undefined unless the application requires bound tokens
   * @throws {InvalidRequest} 400 without a certificate
   */
  export function checkMtlsCert(provider: Provider, ctx: OidcContext): X509Certificate | undefined
}
