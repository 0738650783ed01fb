import jwt from '@fastify/jwt'
import type { FastifyInstance, onRequestHookHandler, preValidationHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { confirmationMethods } from './confirmation.ts'
import { bearerToken, dpopToken, rejectSecondToken, schemeOf } from './credentials.ts'
import type { Decode } from './decode.ts'
import { Issuer, Issuers } from './issuer.ts'
import type { IssuerOptions } from './issuer-options.ts'
import type { FetchOutcome } from './key-set.ts'
import type { DpopVerifier } from './proof/dpop-verifier.ts'
import type { Possession, PossessionOptions } from './proof/possession.ts'
import type { OfferSchemes } from './proof/scheme-offers.ts'
import { Resources } from './resources.ts'
import { expandTenants } from './tenants.ts'
import type { VerifiedToken } from './verified-token.ts'
import { type IsRevoked, Verifier } from './verifier.ts'

/** Without `dpop`, the scheme DPoP is unknown. Bound tokens that cannot be verified are rejected. */
export interface AuthOptions extends PossessionOptions {
  /** Exact issuer identifiers (OpenID Connect Discovery 1.0, section 2), or issuers with rules of their own. */
  readonly issuers: readonly (string | IssuerOptions)[]
  /** Accepted values of `aud`, for issuers without audiences of their own. */
  readonly audiences?: readonly string[]
  /** Accepted signature algorithms. Default: `['RS256']`. */
  readonly algorithms?: readonly string[]
  /** Tolerance for `exp`, `nbf` and `iat`. Default: 30. */
  readonly clockToleranceSeconds?: number
  /** Maximum age of a key while the issuer is unavailable. Default: 24. */
  readonly maxStaleHours?: number
  /** Maximum number of cached tokens, at least 1. Default: 10,000. */
  readonly maxCachedTokens?: number
  /** Maximum `exp - iat`. Tokens with more, or without `iat`, are rejected. Default: unlimited. */
  readonly maxTokenLifetimeSeconds?: number | undefined
  /** Rejects verified tokens. `app.verifier.isRevoked` replaces it. */
  readonly isRevoked?: IsRevoked
}

export { askIssuers, type IssuerReport } from './ask-issuers.ts'
export {
  challenge,
  type RequiredLogin,
  TokenError,
  type TokenErrorReason,
  tokenErrorReasons,
  tokenErrors,
} from './errors.ts'
export type { Issuer } from './issuer.ts'
export type { IssuerOptions } from './issuer-options.ts'
export { compilePointer } from './json-pointer.ts'
export type { Jwk } from './jwk.ts'
export { ROOT } from './resources.ts'
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
    /** Verifies DPoP proofs. Null while DPoP is disabled. */
    dpop: DpopVerifier | null
    /** Names the accepted schemes in the challenge of an error. */
    offerSchemes: OfferSchemes
    /** Protected resources with audiences of their own. The verifier accepts their audiences as well. */
    resources: Resources
  }
  interface FastifyContextConfig {
    /** Whether requests without an `Authorization` header are accepted; plugins/guards sets it. */
    isTokenOptional?: boolean
  }
}

/** Verifies the access token in the `Authorization` header and sets `request.token`. */
export default fp<AuthOptions>(
  async (app, options) => {
    // Splits the token. Does not verify: its checks skip absent claims (docs/decisions/0002)
    await app.register(jwt, {
      secret: (_request, _token, callback) => callback(new Error('use app.authenticate'), undefined),
      decode: { complete: true },
      decoratorName: 'unverifiedToken',
    })
    const clockToleranceSeconds = options.clockToleranceSeconds ?? 30
    const resources = new Resources()
    const issuers = makeIssuers(app, { ...options, clockToleranceSeconds }, resources)
    const decode: Decode = (token) => app.jwt.decode(token) as ReturnType<Decode>
    const maxCachedTokens = options.maxCachedTokens ?? 10_000
    const { isRevoked } = options
    const verifier = new Verifier({ issuers, decode, clockToleranceSeconds, maxCachedTokens, isRevoked })
    const possession = await loadPossession(options, { decode, clockToleranceSeconds })
    const dpop = possession?.dpop ?? null
    const isBoundTokenRequired = dpop?.isRequired === true
    const offerSchemes: OfferSchemes = possession?.offerSchemes ?? ((error) => error)

    app.decorateRequest('token', null)
    app.decorate('issuers', issuers.byName)
    app.decorate('verifier', verifier)
    app.decorate('dpop', dpop)
    app.decorate('offerSchemes', offerSchemes)
    app.decorate('resources', resources)
    app.decorate('verifyToken', (request, reply, done) => {
      reply.header('cache-control', 'no-store')
      const { authorization } = request.headers
      if (authorization === undefined && request.routeOptions.config.isTokenOptional) return done()
      const accept = (token: VerifiedToken) => {
        request.token = token
        done()
      }
      const reject = (error: Error) => done(offerSchemes(error, schemeOf(authorization)))
      try {
        const bearer = bearerToken(authorization ?? '')
        const text = bearer ?? dpopToken(authorization ?? '', dpop !== null)
        rejectSecondToken(request.query)
        const prove = (token: VerifiedToken) =>
          token.confirmation === null && bearer !== undefined && !isBoundTokenRequired
            ? token
            : (possession as Possession).verify(token, { text, request, reply }, times())
        const verified = verifier.verify(text, Date.now())
        const proven = verified instanceof Promise ? verified.then(prove) : prove(verified)
        if (proven instanceof Promise) proven.then(accept, reject)
        else accept(proven)
      } catch (error) {
        reject(error as Error)
      }
    })
    // Only on routes that may receive a form: a hook of all routes would cost 2 % of a short request
    app.addHook('onRoute', (route) => {
      const hasBody = [route.method].flat().some((method) => !BODYLESS.includes(method))
      if (hasBody) route.preValidation = [rejectTokenInForm, ...[route.preValidation ?? []].flat()]
    })
  },
  { name: 'auth' },
)

const times = () => ({ now: Date.now(), steadyNow: performance.now() })

type Context = ConstructorParameters<typeof Possession>[1]

/** The checks of bound tokens are loaded only if the application accepts such tokens. */
async function loadPossession(options: AuthOptions, context: Context): Promise<Possession | undefined> {
  if (!options.dpop && !options.clientCertificate) return undefined
  const { Possession } = await import('./proof/possession.ts')
  return new Possession(options, context)
}

function makeIssuers(
  { log }: FastifyInstance,
  options: AuthOptions & { clockToleranceSeconds: number },
  resources: Resources,
): Issuers {
  const onFetch = ({ issuer, keys, error }: FetchOutcome) => {
    if (error === undefined) log.info({ issuer, keys }, 'key set fetched')
    else log.warn({ issuer, keys, err: error }, 'key set not fetched; the known keys serve on')
  }
  const defaults = {
    algorithms: options.algorithms ?? ['RS256'],
    audiences: options.audiences ?? [],
    clockToleranceSeconds: options.clockToleranceSeconds,
    maxLifetimeSeconds: options.maxTokenLifetimeSeconds,
    confirmations: confirmationMethods(options),
    resources,
    maxStaleMs: (options.maxStaleHours ?? 24) * 3_600_000,
    onFetch,
  }
  const entries = options.issuers.map((entry) => (typeof entry === 'string' ? { issuer: entry } : entry))
  return new Issuers(entries.flatMap(expandTenants).map((entry) => new Issuer(entry, defaults)))
}

/** Methods whose body Fastify does not read. */
const BODYLESS = ['GET', 'HEAD', 'TRACE']

const rejectTokenInForm: preValidationHookHandler = (request, _reply, done) => {
  const isForm = request.token !== null && FORM.test(request.headers['content-type'] ?? '')
  if (isForm) rejectSecondToken(request.body)
  done()
}

const FORM = /^application\/x-www-form-urlencoded\b/i
