import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'

export const AUDIENCE = 'https://quickstarts/api'
export type Algorithm = 'RS256' | 'ES256' | 'EdDSA'

const signAsync = promisify(sign) // in the thread pool: tens of thousands of RSA signatures take a while
const AT_ONCE = 16

const pairs: Record<Algorithm, { publicKey: KeyObject; privateKey: KeyObject }> = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
}

/** Starts an OpenID issuer with one new key for each algorithm. */
export async function startIssuer() {
  const keys = Object.entries(pairs).map(([alg, { publicKey }]) => {
    return { ...publicKey.export({ format: 'jwk' }), alg, kid: `key-${alg}`, use: 'sig' }
  })
  const server = createServer((request, response) => {
    const document = request.url?.endsWith('/jwks.json')
      ? { keys }
      : {
          issuer,
          jwks_uri: `${issuer}.well-known/jwks.json`,
          id_token_signing_alg_values_supported: Object.keys(pairs),
        }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

  /** Makes `count` different tokens with Auth0's claims and others, valid for a day. */
  async function makeTokens(algorithm: Algorithm, count: number, more: object = {}): Promise<string[]> {
    const tokens: string[] = []
    while (tokens.length < count) {
      const batch = Math.min(AT_ONCE, count - tokens.length)
      tokens.push(
        ...(await Promise.all(
          Array.from({ length: batch }, (_, i) => makeToken(algorithm, tokens.length + i, more)),
        )),
      )
    }
    return tokens
  }

  async function makeToken(algorithm: Algorithm, n: number, more: object): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: issuer,
      sub: subjectOf(n),
      aud: [AUDIENCE, `${issuer}userinfo`],
      azp: 'BenchBenchBenchBenchBenchBench00',
      iat: now,
      exp: now + 86_400,
      scope: 'openid profile email read:messages',
      permissions: ['read:messages'],
      ...more,
    }
    const input = `${encode({ alg: algorithm, typ: 'JWT', kid: `key-${algorithm}` })}.${encode(claims)}`
    const digest = algorithm === 'EdDSA' ? null : 'sha256'
    const key = { key: pairs[algorithm].privateKey, dsaEncoding: 'ieee-p1363' as const }
    const signature = await signAsync(digest, Buffer.from(input), key)
    return `${input}.${signature.toString('base64url')}`
  }

  return { issuer, makeTokens, close: () => server.close() }
}

/** Subject of the token with this number. */
export function subjectOf(n: number): string {
  return `auth0|${String(n).padStart(24, '0')}`
}

/** Replaces the `kid` of each token with an invented one. */
export function withRandomKids(tokens: readonly string[]): string[] {
  return tokens.map((token, n) => {
    const [, claims, signature] = token.split('.')
    return `${encode({ alg: 'RS256', typ: 'JWT', kid: `invented-${n}` })}.${claims}.${signature}`
  })
}

/** Gives each token the signature of another one. */
export function withForgedSignatures(tokens: readonly string[]): string[] {
  return tokens.map((token, n) => {
    const [header, claims] = token.split('.')
    return `${header}.${claims}.${tokens.at(n - 1)?.split('.')[2]}`
  })
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
