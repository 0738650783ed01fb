import { hash } from 'node:crypto'
import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { VerifiedToken } from '../auth/verified-token.ts'
import { ServiceError } from '../errors.ts'
import { type Allowance, countRequests } from './count-requests.ts'

const MIN_REFUSED = 10

/**
 * At most so many requests a minute: for each caller with a verified token, for each address otherwise, and for each
 * address fewer with tokens that are refused. Why in this order: docs/decisions/0006.
 */
export async function limitRequests(app: FastifyInstance, max: number): Promise<void> {
  const maxRefused = Math.min(max, Math.max(MIN_REFUSED, Math.ceil(max / 10)))
  const count = await countRequests(app)

  const allowanceOf = ({ token, ip }: FastifyRequest, refusal?: Error): Allowance => {
    if (token) return { key: keyOf(token), max }
    const address = networkOf(ip)
    return (refusal as ServiceError | undefined)?.code === 'invalid_token'
      ? { key: keyFor(`refused ${address}`), max: maxRefused }
      : { key: keyFor(`address ${address}`), max }
  }
  const limit = async (request: FastifyRequest, reply: FastifyReply, refusal?: Error) => {
    const allowance = allowanceOf(request, refusal)
    request.allowance = allowance
    const { isExceeded, remaining, ttl } = await count(request)
    const seconds = Math.max(1, Math.ceil(ttl / 1000))
    reply.headers({
      'x-ratelimit-limit': allowance.max,
      'x-ratelimit-remaining': remaining,
      'x-ratelimit-reset': seconds,
    })
    if (isExceeded) throw new ServiceError('rate_limited', { retryAfterSeconds: seconds })
  }
  const limitByAddress: onRequestHookHandler = (request, reply, done) => {
    limit(request, reply).then(() => done(), done)
  }
  const verifyWithinLimits: onRequestHookHandler = (request, reply, done) => {
    app.verifyToken(request, reply, (refusal) => {
      limit(request, reply, refusal).then(() => done(refusal), done)
    })
  }

  app.addHook('onRoute', (route) => {
    if (route.config?.rateLimit === false) return
    const hooks = [route.onRequest ?? []].flat()
    route.onRequest = hooks.includes(app.verifyToken)
      ? hooks.map((hook) => (hook === app.verifyToken ? verifyWithinLimits : hook))
      : [limitByAddress, ...hooks]
  })
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) limitByAddress.call(app, request, reply, done)
    else done()
  })
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
