import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { httpErrors, ServiceError } from '../errors/catalogue.ts'

/** Throws if there is a problem. */
type ReadinessCheck = () => void | Promise<void>

declare module 'fastify' {
  interface FastifyInstance {
    /** Conditions for receiving requests, by name. Plugins add their own. */
    readinessChecks: Map<string, ReadinessCheck>
    /** Runs the checks. The result of each is `ok` or the problem. */
    checkReadiness: () => Promise<Record<string, string>>
    /** Makes the process unready. It still serves requests, and closes each connection after the response. */
    startDraining: () => void
  }
}

/** A request takes about three turns of the loop, and probes usually time out after a second. */
const MAX_EVENT_LOOP_DELAY_MS = 250
const RESOLUTION_MS = 10
export const SAMPLE_MS = 1_000
/** Consecutive samples that count as overload. A single one may be caused by garbage collection. */
const SAMPLES = 2

interface Options {
  maxEventLoopDelayMs?: number | undefined
}

/**
 * Decides whether this process should receive requests, and rejects them under overload. An issuer that is down does not
 * make it unready: other replicas depend on the same issuer.
 */
export default fp<Options>(
  async (app, { maxEventLoopDelayMs = MAX_EVENT_LOOP_DELAY_MS }) => {
    let isDraining = false
    const isOverloaded = watchLoad(app, maxEventLoopDelayMs)

    app.addHook('onRequest', (request, _reply, done) => {
      // Probes are exempt, so that the operator can see the state of the process
      if (!isOverloaded() || request.routeOptions.config.rateLimit === false) done()
      else done(new ServiceError(httpErrors.overloaded, { retryAfterSeconds: (SAMPLES * SAMPLE_MS) / 1000 }))
    })

    app.decorate('startDraining', () => {
      isDraining = true
      // Announced in a response: on a connection closed without notice the next request may be under way
      app.server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'))
    })
    app.addHook('preClose', (done) => {
      // Otherwise clients with a request in flight could keep their connection open and delay the shutdown
      app.server.keepAliveTimeout = 1
      app.server.keepAliveTimeoutBuffer = 0
      done()
    })
    const checks = new Map<string, ReadinessCheck>([
      ['process', () => fail(isDraining, 'shutting down')],
      ['load', () => fail(isOverloaded(), 'overloaded')],
    ])
    app.decorate('readinessChecks', checks)
    app.decorate('checkReadiness', async () =>
      Object.fromEntries(await Promise.all([...checks].map(([name, check]) => runCheck(name, check)))),
    )
  },
  // after cors, so that browsers can read the error
  { name: 'readiness', dependencies: ['cors'] },
)

/** Samples the event loop delay. Sampling begins with listening, since the start itself blocks the loop. */
function watchLoad(app: FastifyInstance, maxDelayMs: number): () => boolean {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  let consecutive = 0
  const sample = () => {
    const delayMs = Math.round(delays.mean / 1e6 - RESOLUTION_MS)
    delays.reset()
    const before = consecutive
    consecutive = delayMs > maxDelayMs ? consecutive + 1 : 0
    if (consecutive === SAMPLES) app.log.warn({ delayMs }, 'overloaded; requests are rejected')
    if (consecutive === 0 && before >= SAMPLES) app.log.info({ delayMs }, 'no longer overloaded')
  }
  let timer: NodeJS.Timeout | undefined
  app.addHook('onListen', async () => {
    delays.enable()
    timer = setInterval(sample, SAMPLE_MS).unref()
  })
  app.addHook('onClose', async () => {
    delays.disable()
    clearInterval(timer)
  })
  return () => consecutive >= SAMPLES
}

async function runCheck(name: string, check: ReadinessCheck): Promise<[string, string]> {
  try {
    await check()
    return [name, 'ok']
  } catch (error) {
    return [name, (error as Error).message]
  }
}

function fail(condition: boolean, message: string) {
  if (condition) throw new Error(message)
}
