// oidc-provider ships no types. This is the narrow part of it (and of Koa, under it) that the local tenant uses.

declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'
  import type { Readable } from 'node:stream'

  export interface Context {
    app: Provider
    method: string
    path: string
    query: Record<string, string | string[] | undefined>
    headers: IncomingMessage['headers']
    req: IncomingMessage | Readable
    res: ServerResponse
    cookies: { set(name: string, value: null): void }
    status: number
    type: string
    body: unknown
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
      session?: { state?: { postLogoutRedirectUri?: string } }
      entity(kind: string, value: unknown): void
    }
  }

  export type Middleware = (ctx: Context, next: () => Promise<void>) => Promise<void>

  export interface Account {
    accountId: string
    permissions: string[]
    claims(): Record<string, unknown>
  }

  export interface Client {
    clientId: string
    redirectUris: string[]
    postLogoutRedirectUris?: string[]
    backchannelLogoutUri?: string
    grantTypeAllowed(grantType: string): boolean
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
  }

  export interface Token {
    kind: 'AccessToken' | 'ClientCredentials' | 'RefreshToken'
    accountId?: string
    clientId: string
    gty?: string
    scope?: string
    expiration: number
    resourceServer: unknown
    save(): Promise<string>
  }

  export interface IdToken {
    scope: string
    issue(options: { use: 'idtoken' }): Promise<string>
  }

  export interface Session {
    accountId?: string
    authorizations?: Record<string, { sid: string }>
    destroy(): Promise<void>
  }

  export interface Interaction {
    uid: string
    params: Record<string, string | undefined>
  }

  export interface OAuthErrorBody {
    error: string
    error_description?: string
  }

  type Constructor<Instance> = new (fields: Record<string, unknown>) => Instance

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    readonly issuer: string
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
    ) => unknown
    Session: { get(ctx: Context): Promise<Session> }
    use(middleware: Middleware): this
    on(event: 'server_error', listener: (ctx: Context, error: Error) => void): this
    registerGrantType(name: string, handler: (ctx: OidcContext) => Promise<void>, params: string[]): void
    cookieName(kind: 'session'): string
    interactionDetails(req: Context['req'], res: ServerResponse): Promise<Interaction>
    interactionResult(
      req: Context['req'],
      res: ServerResponse,
      result: { login: { accountId: string } },
    ): Promise<string>
    callback(): (req: IncomingMessage, res: ServerResponse) => void
  }

  export const errors: {
    CustomOIDCProviderError: new (error: string, description: string) => Error & { status: number }
    InvalidRequest: new (description: string, status?: number) => Error
  }

  export const interactionPolicy: {
    base(): { get(name: 'consent'): { checks: { clear(): void } } }
  }
}

declare module 'oidc-provider/lib/adapters/memory_adapter.js' {
  export default class MemoryAdapter {
    constructor(model: string)
  }
}
