import jwt from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../../config/index.ts'
import { ServiceError } from '../../errors/catalogue.ts'
import type { Policy } from './checks.ts'
import { fetchKeys } from './fetch-keys.ts'
import { verifyIdTokenSignature } from './id-token.ts'
import { type FetchOutcome, KeySet } from './key-set.ts'
import { type LogoutToken, verifyLogoutToken } from './logout-token.ts'
import type { Decode, SignInTrust } from './signed-token.ts'
import type { VerifiedToken } from './verified-token.ts'
import { Verifier } from './verifier.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling, on guarded routes. Null on public ones: a bad token there changes nothing. */
    token: VerifiedToken | null
  }
  interface FastifyInstance {
    /** The `onRequest` hook of guarded routes, before any body is read; plugins/guards.ts puts it there. */
    verifyToken: onRequestHookHandler
    /** That the issuer at which people sign in has signed what it says of somebody. */
    verifyIdTokenSignature: (token: string) => Promise<void>
    /** What the issuer at which people sign in says of a session that has ended there. */
    verifyLogoutToken: (token: string) => Promise<LogoutToken>
    verifier: Verifier
    /** By issuer. */
    keySets: ReadonlyMap<string, KeySet>
  }
}

/** Who is calling? Finds and verifies the token of the `Authorization` header: `request.token`. */
export default fp(
  async (app) => {
    // Finds the token and takes it apart. Not used to verify: its checks skip absent claims (docs/decisions/0002)
    await app.register(jwt, {
      secret: (_request, _token, callback) => callback(new Error('use app.authenticate'), undefined),
      decode: { complete: true },
      decoratorName: 'unverifiedToken',
    })
    const policy = toPolicy(app.config)
    const keySets = makeKeySets(app, policy)
    const decode: Decode = (token) => app.jwt.decode(token) as ReturnType<Decode>
    const verifier = new Verifier({ policy, keySets, decode })
    const signIn = signInTrust(app.config, policy, keySets, decode)

    app.decorateRequest('token', null)
    app.decorate('keySets', keySets)
    app.decorate('verifier', verifier)
    app.decorate('verifyToken', (request, reply, done) => {
      reply.header('cache-control', 'no-store')
      const accept = (token: VerifiedToken) => {
        request.token = token
        done()
      }
      try {
        const verified = verifier.verify(findToken(app, request), Date.now())
        // No promise where none is needed: most tokens were seen before
        if (verified instanceof Promise) verified.then(accept, done)
        else accept(verified)
      } catch (error) {
        done(error as Error)
      }
    })
    app.decorate('verifyIdTokenSignature', (token) => verifyIdTokenSignature(token, signIn, Date.now()))
    app.decorate('verifyLogoutToken', (token) => verifyLogoutToken(token, signIn, Date.now()))
  },
  { name: 'auth', dependencies: ['env', 'tracing'] },
)

type KeySets = ReadonlyMap<string, KeySet>

function makeKeySets({ config, log }: FastifyInstance, { issuers, algorithms }: Policy): KeySets {
  const options = {
    algorithms,
    maxStaleMs: config.JWKS_MAX_STALE_HOURS * 3_600_000,
    fetchKeys,
    onFetch: ({ issuer, keys, error }: FetchOutcome) => {
      if (error === undefined) log.info({ issuer, keys }, 'key set fetched')
      else log.warn({ issuer, keys, err: error }, 'key set not fetched; the known keys serve on')
    },
  }
  return new Map(issuers.map((issuer) => [issuer, new KeySet({ issuer, ...options })]))
}

/** Of the first issuer, at which people sign in, and for the client they sign in with; without one, for nobody. */
function signInTrust(
  { AUTH0_CLIENT_ID }: Config,
  { issuers, ...policy }: Policy,
  keySets: KeySets,
  decode: Decode,
): SignInTrust {
  const [issuer = ''] = issuers
  const audiences = AUTH0_CLIENT_ID === undefined ? [] : [AUTH0_CLIENT_ID]
  return {
    policy: { ...policy, issuers: [issuer], audiences },
    keySet: keySets.get(issuer) as KeySet,
    decode,
  }
}

function toPolicy(config: Config): Policy {
  return {
    algorithms: config.AUTH_ALGORITHMS,
    issuers: config.AUTH0_DOMAIN,
    audiences: config.AUTH0_AUDIENCE,
    clockToleranceSeconds: config.AUTH_CLOCK_TOLERANCE_SECONDS,
  }
}

function findToken(app: FastifyInstance, request: FastifyRequest): string {
  try {
    return app.jwt.lookupToken(request)
  } catch (error) {
    const isAbsent = (error as { code?: string }).code === 'FST_JWT_NO_AUTHORIZATION_IN_HEADER'
    throw isAbsent
      ? new ServiceError('missing_token', { reason: 'missing' })
      : new ServiceError('malformed_authorization', { reason: 'malformed' })
  }
}
