import type { FastifyReply } from 'fastify'
import { ROOT, TokenError, tokenErrors } from '../auth/index.ts'
import { schemeFor } from './evaluate.ts'
import type { Check, Guard } from './guard.ts'
import { requiredScopes } from './openapi.ts'

/** Path of the metadata of a protected resource below the public URL (RFC 9728, section 3). */
export function metadataPath(resource: string): string {
  return `/.well-known/oauth-protected-resource${resource === ROOT ? '' : resource}`
}

/** Makes an onRequest hook after `verifyToken`: a token whose audience is another resource of this service is rejected. */
export function acceptsResource(resource: string): Check {
  return ({ server, token }, _reply, done) => {
    if (token === null || token.resources.includes(resource)) return done()
    const error = new TokenError(tokenErrors.wrongClaims, 'audience', {
      detail: 'aud names another resource',
    })
    done(server.offerSchemes(error, schemeFor(token)))
  }
}

/** Text that the challenges of a route have after the parameters of their error, by status. */
export type MoreParameters = Readonly<Record<number, string>>

/**
 * Makes the text once, when the route is declared.
 *
 * @param publicUrl absent if the application serves no metadata
 */
export function moreParameters(
  guards: readonly Guard[],
  resource: string,
  publicUrl: string | undefined,
): MoreParameters {
  const names = requiredScopes(guards)
  const scope = names.length > 0 ? `, scope="${names.join(' ')}"` : ''
  // RFC 9728, section 5.1
  const metadata =
    publicUrl === undefined ? '' : `, resource_metadata="${publicUrl}${metadataPath(resource)}"`
  return { 401: scope + metadata, 403: metadata } // the errors with 403 name their scopes themselves
}

/** Completes the challenges of a rejection, if it has any. */
export function completeChallenge(reply: FastifyReply, parameters: MoreParameters): void {
  const challenges = reply.getHeader('www-authenticate')
  const more = parameters[reply.statusCode]
  if (challenges === undefined || !more) return
  const complete = (challenge: unknown) => `${challenge}${more}`
  reply.header(
    'www-authenticate',
    Array.isArray(challenges) ? challenges.map(complete) : complete(challenges),
  )
}
