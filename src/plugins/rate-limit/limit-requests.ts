import { hash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { httpErrors, ServiceError } from '../../errors/catalogue.ts'
import { clientAddress } from '../../http/client-address.ts'
import { networkOf } from '../../http/network.ts'
import { tokenErrors, type VerifiedToken } from '../auth/index.ts'
import { countRequests, type Quota } from './count-requests.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route verifies no token before its own hooks run. */
    isLimitedByAddress?: true
  }
}

const MIN_REJECTED = 10

/**
 * Limits requests per minute: for each caller with a verified token, otherwise for each address. Rejected tokens have
 * a smaller quota for each address. docs/decisions/0006 gives the reasons for counting after verification.
 */
export async function limitRequests(app: FastifyInstance, max: number): Promise<void> {
  const maxRejected = Math.min(max, Math.max(MIN_REJECTED, Math.ceil(max / 10)))
  const count = await countRequests(app)

  const quotaOf = (address: string, token: VerifiedToken | null, error?: Error): Quota => {
    if (token) return { owner: 'caller', key: keyOf(token), max }
    const network = networkOf(address)
    return isInvalidToken(error)
      ? { owner: 'rejected', key: keyFor(`rejected ${network}`), max: maxRejected }
      : { owner: 'address', key: keyFor(`address ${network}`), max }
  }
  const limit = async (request: FastifyRequest, reply: FastifyReply, quota: Quota, cause?: Error) => {
    request.quota = quota
    const { isExceeded, remaining, ttl } = await count(request)
    const retryAfterSeconds = Math.max(1, Math.ceil(ttl / 1000))
    reply.headers({
      'x-ratelimit-limit': quota.max,
      'x-ratelimit-remaining': remaining,
      'x-ratelimit-reset': retryAfterSeconds,
    })
    if (!isExceeded) return
    app.events?.requestLimited(quota.owner)
    // The token error, if any, is still counted
    throw new ServiceError(httpErrors.rateLimited, { retryAfterSeconds, detail: details[quota.owner], cause })
  }
  const verifyWithinLimits: onRequestHookHandler = (request, reply, done) => {
    const address = clientAddress(request) // not available after the client has closed the connection
    app.verifyToken(request, reply, (error) => {
      const quota = quotaOf(address, request.token, error)
      limit(request, reply, quota, error).then(() => done(error), done)
    })
  }

  app.addHook('onRoute', (route) => {
    if (route.config?.rateLimit === false) return
    const hooks = [route.onRequest ?? []].flat()
    if (hooks.includes(app.verifyToken))
      route.onRequest = hooks.map((hook) => (hook === app.verifyToken ? verifyWithinLimits : hook))
    else route.config = { ...route.config, isLimitedByAddress: true }
  })
  // Not a hook of the route, so that it runs before hooks of routes use the store
  app.addHook('onRequest', (request, reply, done) => {
    const isLimited = request.is404 || request.routeOptions.config.isLimitedByAddress
    if (isLimited) limit(request, reply, quotaOf(clientAddress(request), null)).then(() => done(), done)
    else done()
  })
}

/** Reasons for the log. */
const details = {
  caller: 'the quota of the caller is used up',
  address: 'the quota of the address is used up',
  rejected: 'the quota of the address for rejected tokens is used up',
}

function isInvalidToken(error: Error | undefined): boolean {
  return error instanceof ServiceError && invalidCodes.includes(error.code)
}

const invalidCodes = [tokenErrors.unusable.code, tokenErrors.invalidProof.code]

const keys = new WeakMap<VerifiedToken, string>()

/** Cached tokens are the same object each time. Issuers do not contain spaces, so different callers have different keys. */
function keyOf(token: VerifiedToken): string {
  const key = keys.get(token) ?? keyFor(`caller ${token.issuer} ${token.subject}`)
  keys.set(token, key)
  return key
}

/** Hashes the text: keys in Redis have a fixed length and do not reveal users or addresses. */
function keyFor(text: string): string {
  return hash('sha256', text, 'base64url')
}
