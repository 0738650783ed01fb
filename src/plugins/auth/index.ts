import jwt from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { isObject } from '../../http/fetch-json.ts'
import type { Policy } from './checks.ts'
import type { Decode } from './decode.ts'
import { TokenError, tokenErrors } from './errors.ts'
import { Issuer } from './issuer.ts'
import type { FetchOutcome } from './key-set.ts'
import type { VerifiedToken } from './verified-token.ts'
import { Verifier } from './verifier.ts'

export interface AuthOptions {
  /** Exact issuer identifiers (OpenID Connect Discovery 1.0, section 2). */
  readonly issuers: readonly string[]
  /** Accepted values of `aud`. */
  readonly audiences: readonly string[]
  /** Accepted signature algorithms. Default: `['RS256']`. */
  readonly algorithms?: readonly string[]
  /** Tolerance for `exp`, `nbf` and `iat`. Default: 30. */
  readonly clockToleranceSeconds?: number
  /** Maximum age of a key while the issuer is unavailable. Default: 24. */
  readonly maxStaleHours?: number
}

export {
  challenge,
  TokenError,
  type TokenErrorReason,
  tokenErrorReasons,
  tokenErrors,
} from './errors.ts'
export type { Issuer } from './issuer.ts'
export { endpointOf } from './issuer-metadata.ts'
export { type Claims, requireToken, type VerifiedToken } from './verified-token.ts'
export type { Verifier } from './verifier.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The verified access token on guarded routes. Null on public routes, which ignore tokens. */
    token: VerifiedToken | null
  }
  interface FastifyInstance {
    /** `onRequest` hook that sets `request.token`; plugins/guards adds it to guarded routes. */
    verifyToken: onRequestHookHandler
    /** Verifies the tokens of this scope. */
    verifier: Verifier
    /** Trusted issuers by their identifier. */
    issuers: ReadonlyMap<string, Issuer>
  }
}

/** Verifies the access token in the `Authorization` header and sets `request.token`. */
export default fp<AuthOptions>(
  async (app, options) => {
    // Finds and splits the token. Does not verify: its checks skip absent claims (docs/decisions/0002)
    await app.register(jwt, {
      secret: (_request, _token, callback) => callback(new Error('use app.authenticate'), undefined),
      decode: { complete: true },
      decoratorName: 'unverifiedToken',
    })
    const policy: Policy = {
      issuers: options.issuers,
      audiences: options.audiences,
      algorithms: options.algorithms ?? ['RS256'],
      clockToleranceSeconds: options.clockToleranceSeconds ?? 30,
    }
    const issuers = makeIssuers(app, policy, options.maxStaleHours ?? 24)
    const keySets = new Map([...issuers].map(([name, { keySet }]) => [name, keySet]))
    const decode: Decode = (token) => app.jwt.decode(token) as ReturnType<Decode>
    const verifier = new Verifier({ policy, keySets, decode })

    app.decorateRequest('token', null)
    app.decorate('issuers', issuers)
    app.decorate('verifier', verifier)
    app.decorate('verifyToken', (request, reply, done) => {
      reply.header('cache-control', 'no-store')
      const accept = (token: VerifiedToken) => {
        request.token = token
        done()
      }
      try {
        const token = findToken(app, request)
        rejectSecondToken(request.query)
        const verified = verifier.verify(token, Date.now())
        if (verified instanceof Promise) verified.then(accept, done)
        else accept(verified)
      } catch (error) {
        done(error as Error)
      }
    })
    app.addHook('preValidation', (request, _reply, done) => {
      const isForm = request.token !== null && FORM.test(request.headers['content-type'] ?? '')
      if (isForm) rejectSecondToken(request.body)
      done()
    })
  },
  { name: 'auth' },
)

function makeIssuers({ log }: FastifyInstance, { issuers, algorithms }: Policy, maxStaleHours: number) {
  const onFetch = ({ issuer, keys, error }: FetchOutcome) => {
    if (error === undefined) log.info({ issuer, keys }, 'key set fetched')
    else log.warn({ issuer, keys, err: error }, 'key set not fetched; the known keys serve on')
  }
  const options = { algorithms, maxStaleMs: maxStaleHours * 3_600_000, onFetch }
  return new Map(issuers.map((name) => [name, new Issuer(name, options)]))
}

const FORM = /^application\/x-www-form-urlencoded\b/i

/**
 * RFC 6750, section 2: a client must not use more than one method to send a token in each request.
 *
 * @param parameters parsed query or form
 * @throws {TokenError} 400
 */
function rejectSecondToken(parameters: unknown): void {
  const isRepeated = isObject(parameters) && 'access_token' in parameters
  if (isRepeated) throw new TokenError(tokenErrors.severalTokens, 'malformed')
}

function findToken(app: FastifyInstance, request: FastifyRequest): string {
  try {
    return app.jwt.lookupToken(request)
  } catch (error) {
    const isAbsent = (error as { code?: string }).code === 'FST_JWT_NO_AUTHORIZATION_IN_HEADER'
    throw isAbsent
      ? new TokenError(tokenErrors.missing, 'missing')
      : new TokenError(tokenErrors.malformedHeader, 'malformed')
  }
}
