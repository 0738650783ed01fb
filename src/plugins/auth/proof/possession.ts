import { schemeOf } from '../credentials.ts'
import { TokenError, tokenErrors } from '../errors.ts'
import type { VerifiedToken } from '../verified-token.ts'
import { ClientCertificate, type ClientCertificateOptions } from './client-certificate.ts'
import { type DpopContext, type DpopOptions, DpopVerifier, type Times } from './dpop-verifier.ts'
import type { HttpRequest } from './request.ts'
import { type OfferSchemes, offersOf } from './scheme-offers.ts'

export interface PossessionOptions {
  readonly dpop?: DpopOptions | undefined
  readonly clientCertificate?: ClientCertificateOptions | undefined
}

/** A verified token as a client presents it. */
export interface Presentation {
  /** Text of the token. */
  readonly text: string
  readonly request: HttpRequest
  readonly reply: { header(name: string, value: string): unknown }
}

/** Verifies that the sender of a bound token (RFC 7800) holds its key or certificate. */
export class Possession {
  readonly dpop: DpopVerifier | undefined
  readonly offerSchemes: OfferSchemes
  readonly #certificate: ClientCertificate | undefined

  constructor({ dpop, clientCertificate }: PossessionOptions, context: DpopContext) {
    this.dpop = dpop && new DpopVerifier(dpop, context)
    this.offerSchemes = this.dpop ? offersOf(this.dpop) : (error) => error
    this.#certificate = clientCertificate && new ClientCertificate(clientCertificate)
  }

  /**
   * @returns the token, if its sender holds the key or certificate
   * @throws {TokenError} 401
   * @throws {ServiceError} 503 if the proof cannot be remembered
   */
  verify(
    token: VerifiedToken,
    { text, request, reply }: Presentation,
    times: Times,
  ): VerifiedToken | Promise<VerifiedToken> {
    const { jkt, x5tS256 } = token.confirmation ?? {}
    const isDpop = schemeOf(request.headers.authorization) === 'DPoP'
    // Otherwise a stolen token could be used without its key (RFC 9449, section 7.2)
    if (jkt !== undefined && !isDpop) throw this.#misused(tokenErrors.bound)
    if (jkt === undefined && (isDpop || this.dpop?.isRequired)) throw this.#misused(tokenErrors.notBound)
    if (x5tS256 !== undefined) (this.#certificate as ClientCertificate).verify(request, x5tS256)
    if (jkt === undefined) return token
    const accept = (nextNonce: string | undefined) => {
      if (nextNonce !== undefined) reply.header('dpop-nonce', nextNonce)
      return token
    }
    const nextNonce = (this.dpop as DpopVerifier).verify(request, text, jkt, times)
    return nextNonce instanceof Promise ? nextNonce.then(accept) : accept(nextNonce)
  }

  #misused(definition: typeof tokenErrors.bound): TokenError {
    return this.offerSchemes(new TokenError(definition, 'bound'), 'DPoP')
  }
}
