import { createLocalJWKSet, decodeProtectedHeader, type JWK, type JWTVerifyResult, jwtVerify } from 'jose'
import type { Test } from 'tap'
import { bearer, listen } from '../../../helpers/app.ts'
import { moveClock } from '../../../helpers/clock.ts'
import { AUDIENCE, TestIssuer } from '../../../helpers/issuer.ts'
import type { Base } from './base.ts'
import { differences } from './differences.ts'
import type { Random } from './random.ts'

export const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA']

/** Routes with different guards. 200 and 403 both mean that the token was accepted. */
const paths = ['/api/private', '/api/me', '/api/private-scoped', '/api/messages/admin']

export interface Verdict {
  readonly status: number
  readonly isAccepted: boolean
  /** The reason for a rejection, from the log or from the response. */
  readonly reason: string | undefined
}

/**
 * Starts Gatehouse and jose with the same issuer and the same policy. The clock is stopped at a full second, because
 * jose counts whole seconds and Gatehouse fractions.
 */
export async function startOracles(t: Test, random: Random) {
  const issuer = await startIssuer(t, 'key')
  const other = await startIssuer(t, 'other')
  const now = Math.floor(Date.now() / 1000)
  moveClock(t).stopAt(now * 1000)
  const app = await listen(t, issuer, {
    environment: { AUTH_ALGORITHMS: algorithms.join(), AUTH_CLOCK_TOLERANCE_SECONDS: '5' },
  })

  const ask = async (token: string): Promise<Verdict> => {
    const logged = app.logLines.length
    const { statusCode, body } = await app.inject({ url: random.one(paths), headers: bearer(token) })
    const rejection = app.logLines.slice(logged).find(({ code }) => code === 'invalid_token')
    return {
      ...verdictOf(statusCode),
      reason: (rejection?.detail as string | undefined) ?? JSON.parse(body).message,
    }
  }
  const askOverHttp = async (token: string): Promise<Verdict> => {
    const response = await fetch(`${app.url}/api/private`, { headers: bearer(token) })
    await response.arrayBuffer()
    return { ...verdictOf(response.status), reason: undefined }
  }

  const keys = createLocalJWKSet({ keys: issuer.keys.flatMap(({ jwk }) => withBothNames(jwk)) })
  const options = {
    issuer: [issuer.url],
    audience: AUDIENCE,
    algorithms: [...algorithms, 'Ed25519'],
    requiredClaims: ['iss', 'sub', 'aud', 'exp'],
    clockTolerance: 5,
    currentDate: new Date(now * 1000),
  }
  /** Verifies with jose. `typ` is checked only if present: jose has no option for that. */
  const askJose = async (token: string): Promise<JWTVerifyResult | undefined> => {
    try {
      const { typ } = decodeProtectedHeader(token)
      if (typ === undefined) return await jwtVerify(token, keys, options)
      return await jwtVerify(token, keys, { ...options, typ: 'JWT' }).catch(() =>
        jwtVerify(token, keys, { ...options, typ: 'at+jwt' }),
      )
    } catch {
      return undefined
    }
  }

  /** Names the differences that explain why Gatehouse rejects a token that jose accepts. */
  const explain = (token: string, ours: Verdict, theirs: JWTVerifyResult): string[] => {
    const accepted = { token, header: theirs.protectedHeader, claims: theirs.payload, now }
    return differences
      .filter(({ reasons, applies }) => reasons.includes(String(ours.reason)) && applies(accepted))
      .map(({ name }) => name)
  }

  /** Makes the parts of a new valid token. */
  const makeBase = (algorithm: string): Base => {
    const index = algorithms.indexOf(algorithm)
    const key = issuer.keys[index] as Base['key']
    return {
      random,
      now,
      key,
      published: issuer.keys,
      stranger: other.keys[index] as Base['key'],
      strangersUrl: other.url,
      header: issuer.header({}, key),
      claims: issuer.claims({
        jti: random.below(2 ** 31),
        scope: 'read:messages',
        permissions: ['read:admin-messages'],
      }),
    }
  }

  return { issuer, other, ask, askOverHttp, askJose, explain, makeBase }
}

/** Starts an issuer with one key per algorithm. */
async function startIssuer(t: Test, kid: string): Promise<TestIssuer> {
  const issuer = await TestIssuer.start(t)
  issuer.keys = []
  for (const algorithm of algorithms) await issuer.addKey(`${kid}-${algorithm}`, algorithm)
  return issuer
}

function verdictOf(status: number) {
  return { status, isAccepted: status === 200 || status === 403 }
}

/** For jose, RFC 9864 gives Ed25519 a second algorithm, whose keys must have that name. */
function withBothNames(jwk: JWK): JWK[] {
  return jwk.alg === 'EdDSA' ? [jwk, { ...jwk, alg: 'Ed25519' }] : [jwk]
}
