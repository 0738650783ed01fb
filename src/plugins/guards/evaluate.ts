import type { FastifyRequest } from 'fastify'
import type { ServiceError } from '../../errors/catalogue.ts'
import { requireToken, type VerifiedToken } from '../auth/index.ts'
import { type Check, type Guard, guardOf, makeGuard } from './guard.ts'
import type { Provides } from './route-types.ts'

/** Request whose route parameters are text, as they are unless the validation converts them. */
export type GuardedRequest = FastifyRequest<{ Params: Record<string, string> }>

/** Makes the error of a rejected request. A function, since an alternative that is rejected needs no error. */
export type Rejection = () => ServiceError

/** Returns undefined to accept the request. */
export type Evaluate = (token: VerifiedToken, request: GuardedRequest) => Rejection | undefined

declare const isTokenGuard: unique symbol

/** A guard of access tokens, which `app.anyOf` and `app.allOf` can combine. */
export type TokenGuard = Check & Provides<{ token: VerifiedToken }> & { readonly [isTokenGuard]: true }

/** At least two guards. */
export type Combined = [TokenGuard, TokenGuard, ...TokenGuard[]]

const evaluations = new WeakMap<Check, Evaluate>()

/** Makes a guard that runs after `verifyToken`, which sends 401 itself. Without `verifyToken` it rejects every request. */
export function tokenGuard(guard: Guard, evaluate: Evaluate): TokenGuard {
  const check = makeGuard(guard, (request, _reply, done) => {
    const token = requireToken(request.token)
    const rejection = evaluate(token, request as GuardedRequest)
    if (rejection) done(request.server.offerSchemes(rejection(), schemeFor(token)))
    else done()
  })
  evaluations.set(check, evaluate)
  return check as TokenGuard
}

/** The scheme with which the token was sent. */
export function schemeFor({ confirmation }: VerifiedToken) {
  return confirmation?.jkt === undefined ? 'Bearer' : 'DPoP'
}

/** Accepts the requests that one of the guards accepts. The error is that of the last. */
export function anyOf(...checks: Combined): TokenGuard {
  const alternatives = evaluationsOf('anyOf', checks)
  return tokenGuard({ kind: 'any', required: [], children: checks.map(guardOf) }, (token, request) => {
    let rejection: Rejection | undefined
    for (const evaluate of alternatives) {
      rejection = evaluate(token, request)
      if (!rejection) return undefined
    }
    return rejection
  })
}

/** Accepts the requests that all guards accept. The error is that of the first that does not. */
export function allOf(...checks: Combined): TokenGuard {
  const requirements = evaluationsOf('allOf', checks)
  return tokenGuard({ kind: 'all', required: [], children: checks.map(guardOf) }, (token, request) => {
    for (const evaluate of requirements) {
      const rejection = evaluate(token, request)
      if (rejection) return rejection
    }
    return undefined
  })
}

/** @throws {TypeError} for an empty list, which would let any token pass, and for other functions than guards of tokens */
function evaluationsOf(name: string, checks: readonly Check[]): Evaluate[] {
  const found = checks.flatMap((check) => evaluations.get(check) ?? [])
  if (found.length === checks.length && found.length > 1) return found
  throw new TypeError(`app.${name} needs at least two guards of access tokens`)
}
