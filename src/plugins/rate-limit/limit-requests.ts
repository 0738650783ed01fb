import { hash } from 'node:crypto'
import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { httpErrors, ServiceError } from '../../errors/catalogue.ts'
import { tokenErrors, type VerifiedToken } from '../auth/index.ts'
import { type Allowance, countRequests } from './count-requests.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Nobody's token is looked at there. */
    isLimitedByAddress?: true
  }
}

const MIN_REFUSED = 10

/**
 * At most so many requests a minute: for each caller with a verified token, for each address otherwise, and for each
 * address fewer with tokens that are refused. Why in this order: docs/decisions/0006.
 */
export async function limitRequests(app: FastifyInstance, max: number): Promise<void> {
  const maxRefused = Math.min(max, Math.max(MIN_REFUSED, Math.ceil(max / 10)))
  const count = await countRequests(app)

  const allowanceOf = (ip: string, token: VerifiedToken | null, error?: Error): Allowance => {
    if (token) return { key: keyOf(token), max }
    const address = networkOf(ip)
    return isInvalidToken(error)
      ? { key: keyFor(`refused ${address}`), max: maxRefused }
      : { key: keyFor(`address ${address}`), max }
  }
  const limit = async (request: FastifyRequest, reply: FastifyReply, allowance: Allowance, cause?: Error) => {
    request.allowance = allowance
    const { isExceeded, remaining, ttl } = await count(request)
    const retryAfterSeconds = Math.max(1, Math.ceil(ttl / 1000))
    reply.headers({
      'x-ratelimit-limit': allowance.max,
      'x-ratelimit-remaining': remaining,
      'x-ratelimit-reset': retryAfterSeconds,
    })
    // The cause is still counted and logged
    if (isExceeded) throw new ServiceError(httpErrors.rateLimited, { retryAfterSeconds, cause })
  }
  const verifyWithinLimits: onRequestHookHandler = (request, reply, done) => {
    const { ip } = request // it has none any more when the caller has left
    app.verifyToken(request, reply, (error) => {
      const allowance = allowanceOf(ip, request.token, error)
      limit(request, reply, allowance, error).then(() => done(error), done)
    })
  }

  app.addHook('onRoute', (route) => {
    if (route.config?.rateLimit === false) return
    const hooks = [route.onRequest ?? []].flat()
    if (hooks.includes(app.verifyToken))
      route.onRequest = hooks.map((hook) => (hook === app.verifyToken ? verifyWithinLimits : hook))
    else route.config = { ...route.config, isLimitedByAddress: true }
  })
  // Here and not at the route: before a page asks the store for a session
  app.addHook('onRequest', (request, reply, done) => {
    const isLimited = request.is404 || request.routeOptions.config.isLimitedByAddress
    if (isLimited) limit(request, reply, allowanceOf(request.ip, null)).then(() => done(), done)
    else done()
  })
}

function isInvalidToken(error: Error | undefined): boolean {
  return error instanceof ServiceError && error.code === tokenErrors.unusable.code
}

const keys = new WeakMap<VerifiedToken, string>()

/** A known token is the same object each time. An issuer has no blanks, so two callers never share a key. */
function keyOf(token: VerifiedToken): string {
  const key = keys.get(token) ?? keyFor(`caller ${token.issuer} ${token.subject}`)
  keys.set(token, key)
  return key
}

/** Tells nothing of a person to whoever looks into Redis, and is short whatever it is made of. */
function keyFor(text: string): string {
  return hash('sha256', text, 'base64url')
}

/** A network of /64 is what one subscriber has in IPv6, to change the address in as they like. */
function networkOf(ip: string): string {
  return normalizeIP(ip.replace(/^::ffff:/, '')) // without its help where it is slow: IPv4 on a socket for both
}
