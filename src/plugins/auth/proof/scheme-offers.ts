import type { ServiceError } from '../../../errors/catalogue.ts'
import type { Scheme } from '../credentials.ts'
import type { DpopVerifier } from './dpop-verifier.ts'

/** Changes the challenge of an error, which is for the scheme Bearer, so that it names the accepted schemes. */
export type OfferSchemes = <E extends Error>(error: E, scheme: Scheme) => E

/**
 * Makes the challenges of RFC 9449, section 7.1. The error is in the challenge of the scheme that was used. A 401 offers the other
 * scheme beside it; Bearer is first, since some clients read the first challenge only.
 */
export function offersOf({ algorithms, isRequired }: DpopVerifier): OfferSchemes {
  const algs = `algs="${algorithms.join(' ')}"`
  const bearerOffer = 'Bearer realm="api"'
  const dpopOffer = `DPoP realm="api", ${algs}`
  return (error, scheme) => {
    const { headers = {}, statusCode } = error as Partial<ServiceError>
    const challenge = headers['www-authenticate']
    if (typeof challenge !== 'string' || !challenge.startsWith('Bearer ')) return error
    const dpop = `DPoP ${challenge.slice('Bearer '.length)}, ${algs}`
    const used = scheme === 'DPoP' || isRequired ? dpop : challenge
    const both = scheme === 'DPoP' ? [bearerOffer, dpop] : [challenge, dpopOffer]
    const isAlone = isRequired || statusCode !== 401
    return Object.assign(error, { headers: { ...headers, 'www-authenticate': isAlone ? used : both } })
  }
}
