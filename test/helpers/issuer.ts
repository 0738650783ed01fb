import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, type JWK, SignJWT } from 'jose'
import type { Test } from 'tap'
import { type Part, rawToken, signer } from './raw-token.ts'

export const AUDIENCE = 'https://api.test'

export interface IssuerKey {
  readonly kid: string
  readonly algorithm: string
  readonly privateKey: KeyObject
  readonly jwk: JWK
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/**
 * An OpenID issuer on a real socket that the test has in hand: it publishes the keys it is told to, signs what it is
 * told to, counts its visitors, and hangs, lies or breaks on demand.
 */
export class TestIssuer {
  readonly #server = createServer((request, response) => this.#answer(request, response))
  keys: IssuerKey[] = []
  /** The headers of every request so far. */
  readonly requestHeaders: IncomingHttpHeaders[] = []
  /** Requests for the key set so far. */
  keySetRequests = 0
  /** Requests for a profile so far: their `Authorization` headers. */
  readonly userinfoRequests: (string | undefined)[] = []
  /** Answers requests for a profile. */
  userinfo: Answer = (_request, response) => response.writeHead(403).end()
  /** Answers requests for tokens. */
  token: Answer = (_request, response) => response.writeHead(403).end()
  /** Replaces the answer to every request while set, or only to those for the key set. */
  misbehaviour: Answer | undefined
  misbehavesOnlyWithKeys = false
  /** What every answer waits for. */
  hold: Promise<void> | undefined
  /** Replaces the discovery document while set. */
  discovery: object | undefined
  /** Replaces the key set while set. */
  keySet: object | undefined

  /** Starts with one RS256 key; stops with the test. */
  static async start(t: Test): Promise<TestIssuer> {
    const issuer = new TestIssuer()
    await issuer.listen()
    t.teardown(() => issuer.stop())
    await issuer.addKey('key-1')
    return issuer
  }

  #port = 0
  get url(): string {
    return `http://127.0.0.1:${this.#port}/`
  }

  /** Listens, after a stop on the same port as before. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** From now on connections are refused. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async addKey(kid: string, algorithm = 'RS256'): Promise<IssuerKey> {
    const { privateKey, publicKey } = generateKeys(algorithm)
    const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' }
    const key = { kid, algorithm, privateKey, jwk }
    this.keys.push(key)
    return key
  }

  removeKey(kid: string): void {
    this.keys = this.keys.filter((key) => key.kid !== kid)
  }

  /** A token that is acceptable in every way but those given; `undefined` takes a claim or header parameter out. */
  async sign(claims: object = {}, header: object = {}, key = this.newestKey): Promise<string> {
    return new SignJWT(this.claims(claims)).setProtectedHeader(this.header(header, key)).sign(key.privateKey)
  }

  /** The same of any parts at all: of those that a library refuses to sign. */
  signRaw(header: Part = this.header(), payload: Part = this.claims(), key = this.newestKey): string {
    return rawToken(header, payload, signer(key.privateKey, key.algorithm))
  }

  /** Acceptable but for the changes. */
  claims(changes: object = {}) {
    const now = Math.floor(Date.now() / 1000)
    const times = { iat: now, exp: now + 3600 }
    return { iss: this.url, sub: 'auth0|1', aud: AUDIENCE, azp: 'client', ...times, ...changes }
  }

  /** Acceptable but for the changes. */
  header(changes: object = {}, key = this.newestKey) {
    return { alg: key.algorithm, kid: key.kid, typ: 'JWT', ...changes }
  }

  get newestKey(): IssuerKey {
    const key = this.keys.at(-1)
    if (!key) throw new Error('the issuer has no key')
    return key
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isKeySet = request.url === '/jwks.json'
    this.requestHeaders.push(request.headers)
    if (isKeySet) this.keySetRequests++
    await this.hold
    if (this.misbehaviour && (isKeySet || !this.misbehavesOnlyWithKeys)) {
      this.misbehaviour(request, response)
      return
    }
    if (request.url === '/userinfo') {
      this.userinfoRequests.push(request.headers.authorization)
      this.userinfo(request, response)
      return
    }
    if (request.url?.startsWith('/oauth/token')) {
      this.token(request, response)
      return
    }
    const document = isKeySet
      ? (this.keySet ?? { keys: this.keys.map(({ jwk }) => jwk) })
      : (this.discovery ?? {
          issuer: this.url,
          jwks_uri: `${this.url}jwks.json`,
          authorization_endpoint: `${this.url}authorize`,
          token_endpoint: `${this.url}oauth/token`,
          userinfo_endpoint: `${this.url}userinfo`,
        })
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
  }
}

function generateKeys(algorithm: string) {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519')
  if (algorithm.startsWith('ES'))
    return generateKeyPairSync('ec', { namedCurve: curves[algorithm] as string })
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

const curves: Record<string, string> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }
