import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SignJWT } from 'jose'
import type { Test } from 'tap'
import type { BuildOptions } from './app.ts'
import { type IssuerKey, TestIssuer } from './issuer.ts'
import { listenAsWebApp, type WebApp } from './web-app.ts'
import { WebBrowser } from './web-browser.ts'

/**
 * An issuer with a token endpoint that the test controls. Rotates refresh tokens, revokes them after a second use, and
 * records its requests.
 */
export class WebIssuer {
  readonly issuer: TestIssuer
  /** Requests to the token endpoint so far. */
  readonly requests: Record<string, string>[] = []
  /** Lifetime of access tokens. */
  lifetimeSeconds: number | undefined = 3600
  /** Changes to the claims of access tokens and ID tokens, and to the header of ID tokens. */
  accessClaims: object = {}
  idClaims: object = {}
  idHeader: object = {}
  /** Key of ID tokens. Default: the newest. */
  idTokenKey: IssuerKey | undefined
  /** Changes to the response of the token endpoint. */
  response: object = {}
  /** Delays refreshes until it resolves. */
  hold: Promise<void> | undefined
  /** Delays exchanges of a code until it resolves. */
  holdCode: Promise<void> | undefined
  /** Whether all refresh tokens are revoked. */
  isRevoked = false
  readonly #codes = new Map<string, URLSearchParams>()
  #refreshToken = 1

  static async start(t: Test): Promise<WebIssuer> {
    return new WebIssuer(await TestIssuer.start(t))
  }

  constructor(issuer: TestIssuer) {
    this.issuer = issuer
    issuer.token = (request, response) => this.#answer(request, response)
  }

  /** Issues a code for an authorization request. */
  code(request: URL): string {
    const code = `code-${this.#codes.size}`
    this.#codes.set(code, request.searchParams)
    return code
  }

  /** The callback URL that answers an authorization request. */
  callback(request: URL, changes: Record<string, string> = {}): URL {
    const url = new URL(request.searchParams.get('redirect_uri') ?? '')
    const state = request.searchParams.get('state') ?? ''
    url.search = String(new URLSearchParams({ code: this.code(request), state, ...changes }))
    return url
  }

  get refreshes(): number {
    return this.requests.filter(({ grant_type }) => grant_type === 'refresh_token').length
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fields = Object.fromEntries(new URLSearchParams(Buffer.concat(await request.toArray()).toString()))
    this.requests.push(fields)
    const isRefresh = fields.grant_type === 'refresh_token'
    await (isRefresh ? this.hold : this.holdCode)
    const isAccepted = isRefresh ? this.#takeRefreshToken(fields) : this.#takeCode(fields)
    const body = isAccepted ? await this.#tokens(fields) : { error: 'invalid_grant' }
    response
      .writeHead(isAccepted ? 200 : 403, { 'content-type': 'application/json' })
      .end(JSON.stringify(body))
  }

  #takeRefreshToken({ refresh_token }: Record<string, string>): boolean {
    this.isRevoked ||= refresh_token !== `refresh-${this.#refreshToken}`
    if (!this.isRevoked) this.#refreshToken++
    return !this.isRevoked
  }

  #takeCode({ code = '', code_verifier = '' }: Record<string, string>): boolean {
    const challenge = createHash('sha256').update(code_verifier).digest('base64url')
    return this.#codes.get(code)?.get('code_challenge') === challenge
  }

  async #tokens({ code = '' }: Record<string, string>) {
    const nonce = this.#codes.get(code)?.get('nonce') ?? undefined
    return {
      access_token: await this.issuer.sign({ ...this.accessClaims }),
      token_type: 'Bearer',
      expires_in: this.lifetimeSeconds,
      refresh_token: `refresh-${this.#refreshToken}`,
      id_token: await this.idToken({ nonce }),
      ...this.response,
    }
  }

  async idToken(changes: object): Promise<string> {
    const { issuer, idTokenKey = issuer.newestKey } = this
    const claims = issuer.claims({
      aud: 'gatehouse-web',
      sid: 'session-1',
      email: 'one@example.com',
      email_verified: true,
      name: 'Number One',
      nickname: 'one',
      updated_at: '2026-11-21T10:00:00.000Z',
    })
    return new SignJWT({ ...claims, ...changes, ...this.idClaims })
      .setProtectedHeader(issuer.header(this.idHeader, idTokenKey))
      .sign(idTokenKey.privateKey)
  }
}

/** Starts the web app with an issuer that the test controls. */
export async function startWithIssuer(
  t: Test,
  environment: Record<string, string> = {},
  options: BuildOptions = {},
) {
  const web = await WebIssuer.start(t)
  const app = await listenAsWebApp(t, web.issuer, { ...options, environment })
  return { web, issuer: web.issuer, app, url: app.url }
}

/** Starts a login. @returns the authorization request */
export async function startLogin(browser: WebBrowser, url: string, path = '/login'): Promise<URL> {
  const { status, headers, text } = await browser.visit(`${url}${path}`)
  if (status !== 302) throw new Error(`expected a redirect, not ${status}: ${text}`)
  return new URL(headers.get('location') ?? '')
}

/** A browser with a session of the issuer's only user. */
export async function loggedInAt(
  { url }: Pick<WebApp, 'url'>,
  web: WebIssuer,
  path?: string,
): Promise<WebBrowser> {
  const browser = new WebBrowser()
  await browser.visit(web.callback(await startLogin(browser, url, path)))
  return browser
}
