import { hash } from 'node:crypto'
import * as oauth from 'oauth4webapi'
import type { Test } from 'tap'
import { listen } from '../../../helpers/app.ts'
import { moveClock } from '../../../helpers/clock.ts'
import { makeProofKey, type ProofKey } from '../../../helpers/dpop.ts'
import { AUDIENCE, TestIssuer } from '../../../helpers/issuer.ts'
import type { Base } from './base.ts'
import type { Random } from './random.ts'

export const proofAlgorithms = ['ES256', 'EdDSA', 'RS256']

const PATH = '/api/private'
/** Together the 300 seconds of oauth4webapi. */
const [MAX_AGE_SECONDS, TOLERANCE_SECONDS] = [295, 5]

export interface ProofVerdict {
  readonly status: number
  readonly isAccepted: boolean
  /** The reason for a rejection, from the log. */
  readonly reason: string | undefined
}

/** Starts Gatehouse and oauth4webapi with the same issuer, and a client with a key and a token for each algorithm. */
export async function startProofOracles(t: Test, random: Random) {
  const issuer = await TestIssuer.start(t)
  const app = await listen(t, issuer, {
    environment: {
      DPOP_PROOF_MAX_AGE_SECONDS: String(MAX_AGE_SECONDS),
      AUTH_CLOCK_TOLERANCE_SECONDS: String(TOLERANCE_SECONDS),
      DPOP_NONCE: 'never', // oauth4webapi has no nonces of resource servers
    },
  })
  const now = Math.floor(Date.now() / 1000)
  moveClock(t).stopAt(now * 1000)
  const url = `${app.url}${PATH}`
  const server: oauth.AuthorizationServer = { issuer: issuer.url, jwks_uri: `${issuer.url}jwks.json` }

  const clients = new Map(
    await Promise.all(
      proofAlgorithms.map(async (algorithm) => {
        const key = await makeProofKey(algorithm)
        const claims = { cnf: { jkt: key.jkt }, jti: algorithm, client_id: 'client' }
        const token = await issuer.sign(claims, { typ: 'at+jwt' })
        return [algorithm, { key, token, stranger: await makeProofKey(algorithm) }] as const
      }),
    ),
  )
  const clientOf = (algorithm: string) =>
    clients.get(algorithm) as { key: ProofKey; token: string; stranger: ProofKey }

  const ask = async (algorithm: string, proof: string): Promise<ProofVerdict> => {
    const logged = app.logLines.length
    const headers = {
      host: new URL(url).host,
      authorization: `DPoP ${clientOf(algorithm).token}`,
      dpop: proof,
    }
    const { statusCode: status } = await app.inject({ url: PATH, headers })
    const rejection = app.logLines.slice(logged).find(({ code }) => code === 'invalid_dpop_proof')
    return { status, isAccepted: status === 200, reason: rejection?.detail as string | undefined }
  }

  const options = {
    signingAlgorithms: [...proofAlgorithms, 'Ed25519'],
    [oauth.clockTolerance]: TOLERANCE_SECONDS,
    [oauth.allowInsecureRequests]: true,
    requireDPoP: true,
  }
  const askOauth4webapi = async (algorithm: string, proof: string): Promise<boolean> => {
    try {
      const headers = { authorization: `DPoP ${clientOf(algorithm).token}`, dpop: proof }
      await oauth.validateJwtAccessToken(server, new Request(url, { headers }), AUDIENCE, options)
      return true
    } catch {
      return false
    }
  }

  /** Makes the parts of a new valid proof. */
  const makeBase = (algorithm: string): Base => {
    const { key, token, stranger } = clientOf(algorithm)
    const ath = hash('sha256', token, 'base64url')
    return {
      random,
      now,
      key: { ...key, kid: '' },
      published: [],
      stranger: { ...stranger, kid: '' },
      strangersUrl: 'https://stranger.test/',
      header: { typ: 'dpop+jwt', alg: algorithm, jwk: key.jwk },
      claims: {
        jti: crypto.randomUUID(),
        htm: 'GET',
        htu: url,
        iat: now,
        ath,
        iss: 'client',
        aud: 'x',
        sub: 'x',
      },
    }
  }

  return { now, ask, askOauth4webapi, makeBase }
}
