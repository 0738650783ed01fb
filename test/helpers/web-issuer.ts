import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SignJWT } from 'jose'
import type { Test } from 'tap'
import type { BuildOptions } from './app.ts'
import { type IssuerKey, TestIssuer } from './issuer.ts'
import { listenAsWebApp, type WebApp } from './web-app.ts'
import { WebBrowser } from './web-browser.ts'

/**
 * An issuer at which people sign in, in the hand of the test: it says of them what it is told to, refreshes tokens and
 * takes the second use of a refresh token for a theft, and counts.
 */
export class WebIssuer {
  readonly issuer: TestIssuer
  /** What was asked at the token endpoint so far. */
  readonly asked: Record<string, string>[] = []
  /** Of access tokens. */
  lifetimeSeconds: number | undefined = 3600
  /** Of the access token, the ID token, and that one's header: changes of what they would say. */
  accessClaims: object = {}
  idClaims: object = {}
  idHeader: object = {}
  /** Of ID tokens; the newest unless given. */
  idTokenKey: IssuerKey | undefined
  /** Changes of what the token endpoint answers. */
  answer: object = {}
  /** What refreshing waits for. */
  hold: Promise<void> | undefined
  /** Nothing is refreshed any more. */
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

  /** Somebody has logged in: the code for what the browser has asked for. */
  code(asked: URL): string {
    const code = `code-${this.#codes.size}`
    this.#codes.set(code, asked.searchParams)
    return code
  }

  /** Where the browser is sent back to. */
  callback(asked: URL, changes: Record<string, string> = {}): URL {
    const url = new URL(asked.searchParams.get('redirect_uri') ?? '')
    const state = asked.searchParams.get('state') ?? ''
    url.search = String(new URLSearchParams({ code: this.code(asked), state, ...changes }))
    return url
  }

  get refreshes(): number {
    return this.asked.filter(({ grant_type }) => grant_type === 'refresh_token').length
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = Object.fromEntries(new URLSearchParams(Buffer.concat(await request.toArray()).toString()))
    this.asked.push(asked)
    const isRefresh = asked.grant_type === 'refresh_token'
    if (isRefresh) await this.hold
    const isGood = isRefresh ? this.#takeRefreshToken(asked) : this.#takeCode(asked)
    const body = isGood ? await this.#tokens(asked) : { error: 'invalid_grant' }
    response.writeHead(isGood ? 200 : 403, { 'content-type': 'application/json' }).end(JSON.stringify(body))
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
      ...this.answer,
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

/** The web app and an issuer in the hand of the test. */
export async function startWithIssuer(
  t: Test,
  environment: Record<string, string> = {},
  options: BuildOptions = {},
) {
  const web = await WebIssuer.start(t)
  const app = await listenAsWebApp(t, web.issuer, { ...options, environment })
  return { web, issuer: web.issuer, app, url: app.url }
}

/** What the browser is told to ask the issuer. */
export async function startLogin(browser: WebBrowser, url: string, path = '/login'): Promise<URL> {
  const { status, headers, text } = await browser.visit(`${url}${path}`)
  if (status !== 302) throw new Error(`no redirect but ${status}: ${text}`)
  return new URL(headers.get('location') ?? '')
}

/** A browser in which the issuer's one person has signed in. */
export async function loggedInAt(
  { url }: Pick<WebApp, 'url'>,
  web: WebIssuer,
  path?: string,
): Promise<WebBrowser> {
  const browser = new WebBrowser()
  await browser.visit(web.callback(await startLogin(browser, url, path)))
  return browser
}
