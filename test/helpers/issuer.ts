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
 * An OpenID issuer on a real socket, controlled by the test. It publishes the given keys, signs any token, counts
 * requests, and hangs, lies or fails on demand.
 */
export class TestIssuer {
  readonly #server = createServer((request, response) => this.#answer(request, response))
  keys: IssuerKey[] = []
  /** Headers of all requests. */
  readonly requestHeaders: IncomingHttpHeaders[] = []
  /** Number of requests for the key set. */
  keySetRequests = 0
  /** `Authorization` headers of all userinfo requests. */
  readonly userinfoRequests: (string | undefined)[] = []
  /** Answers userinfo requests. */
  userinfo: Answer = (_request, response) => response.writeHead(403).end()
  /** Answers token requests. */
  token: Answer = (_request, response) => response.writeHead(403).end()
  /** Answers all requests while set, or only those for the key set. */
  misbehaviour: Answer | undefined
  misbehavesOnlyWithKeys = false
  /** Delays every response while set. */
  hold: Promise<void> | undefined
  /** Discovery document to publish instead of the correct one. */
  discovery: object | undefined
  /** Key set to publish instead of `keys`. */
  keySet: object | undefined

  /** Starts an issuer with one RS256 key, and stops it after the test. */
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

  /** Listens, always on the same port. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Closes all connections and refuses new ones. */
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

  /** Signs an acceptable token with the given changes. `undefined` removes a claim or header parameter. */
  async sign(claims: object = {}, header: object = {}, key = this.newestKey): Promise<string> {
    return new SignJWT(this.claims(claims)).setProtectedHeader(this.header(header, key)).sign(key.privateKey)
  }

  /** Signs any parts, including those that a library does not sign. */
  signRaw(header: Part = this.header(), payload: Part = this.claims(), key = this.newestKey): string {
    return rawToken(header, payload, signer(key.privateKey, key.algorithm))
  }

  /** Returns acceptable claims with the given changes. */
  claims(changes: object = {}) {
    const now = Math.floor(Date.now() / 1000)
    const times = { iat: now, exp: now + 3600 }
    return { iss: this.url, sub: 'auth0|1', aud: AUDIENCE, azp: 'client', ...times, ...changes }
  }

  /** Returns an acceptable header with the given changes. */
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
