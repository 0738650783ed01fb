import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { httpErrors, ServiceError } from '../errors/catalogue.ts'

/** Reports a problem by throwing. */
type ReadinessCheck = () => void | Promise<void>

declare module 'fastify' {
  interface FastifyInstance {
    /** Conditions for receiving requests, by name. Plugins add theirs. */
    readinessChecks: Map<string, ReadinessCheck>
    /** Makes the process unready for the orchestrator. Requests that still arrive are served. */
    startDraining: () => void
  }
}

/** Mean delay of the event loop. A request takes about three turns, and a probe has to be answered within a second. */
const MAX_EVENT_LOOP_DELAY_MS = 250
const RESOLUTION_MS = 10
export const SAMPLE_MS = 1_000
/** Consecutive samples that are overload. A single one may be a pause of the garbage collector or of the machine. */
const SAMPLES = 2

/**
 * Decides whether this process should receive requests, and rejects them under overload. An issuer that is down does not
 * make it unready: other replicas depend on the same issuer.
 */
export default fp(
  async (app) => {
    let isDraining = false
    const isOverloaded = watchLoad(app)

    app.addHook('onRequest', (request, _reply, done) => {
      // Probes are exempt from limits: the operator has to see the state of the process
      if (!isOverloaded() || request.routeOptions.config.rateLimit === false) done()
      else done(new ServiceError(httpErrors.overloaded, { retryAfterSeconds: (SAMPLES * SAMPLE_MS) / 1000 }))
    })

    app.decorate('startDraining', () => {
      isDraining = true
      // Announced in a response: on a connection closed without notice the next request may be under way
      app.server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'))
    })
    app.addHook('preClose', (done) => {
      // Otherwise clients that are served now could keep their connection, and the process, for as long as they like
      app.server.keepAliveTimeout = 1
      app.server.keepAliveTimeoutBuffer = 0
      done()
    })
    app.decorate(
      'readinessChecks',
      new Map<string, ReadinessCheck>([
        ['process', () => fail(isDraining, 'shutting down')],
        ['load', () => fail(isOverloaded(), 'overloaded')],
      ]),
    )
  },
  // after cors, so that browsers can read the error
  { name: 'readiness', dependencies: ['cors'] },
)

/** Samples the delay of the event loop from the moment of listening, since a start takes its time. */
function watchLoad(app: FastifyInstance): () => boolean {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  let consecutive = 0
  const sample = () => {
    const delayMs = Math.round(delays.mean / 1e6 - RESOLUTION_MS)
    delays.reset()
    const before = consecutive
    consecutive = delayMs > MAX_EVENT_LOOP_DELAY_MS ? consecutive + 1 : 0
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

function fail(condition: boolean, message: string) {
  if (condition) throw new Error(message)
}
